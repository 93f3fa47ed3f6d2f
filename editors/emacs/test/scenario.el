;;; scenario.el --- The scenario that all editors go through, in Emacs -*- lexical-binding: t -*-

;;; Commentary:

;; A client of language servers is described by a plist of functions:
;;   :start (buffer)          starts it for the current buffer
;;   :diagnostics (file)      what is found in a file, as the server says it, in plists
;;   :hover ()                text about what is at point
;;   :actions ()              what can be done at point, as (title . function) pairs
;; Writes the Test Anything Protocol to the file that LEAKWRIGHT_RESULTS names.

;;; Code:

(require 'cl-lib)
(require 'subr-x)

(defvar scenario-fixtures (getenv "LEAKWRIGHT_FIXTURES"))
(defvar scenario-project (file-name-as-directory (expand-file-name "project" (getenv "LEAKWRIGHT_WORK"))))
(defvar scenario-number 0)
(defvar scenario-failed 0)
(defvar scenario-client nil)
(defvar scenario-name nil)

;; Compiling to native code needs a compiler, which may not be there.
(setq native-comp-enable-subr-trampolines nil native-comp-jit-compilation nil)

(setq make-backup-files nil
      create-lockfiles nil
      auto-save-default nil
      inhibit-startup-screen t
      python-indent-guess-indent-offset nil
      user-emacs-directory (file-name-as-directory (expand-file-name "emacs.d" (getenv "LEAKWRIGHT_WORK"))))
(make-directory user-emacs-directory t)

;; The user's configuration, as the README has it.
(add-to-list 'load-path (expand-file-name "editors/emacs" default-directory))
(require 'leakwright)
(setq leakwright-command (list (getenv "LEAKWRIGHT") "server"))
(setq project-vc-extra-root-markers '("pyproject.toml" "leakwright.toml"))

(defun scenario-read (file)
  "The text of FILE."
  (with-temp-buffer
    (insert-file-contents file)
    (buffer-string)))

(defvar scenario-data
  (with-temp-buffer
    (insert-file-contents (expand-file-name "scenario.json" scenario-fixtures))
    (json-parse-buffer :object-type 'plist :array-type 'list)))

(defun scenario-path (file)
  "FILE of the project."
  (expand-file-name file scenario-project))

(defun scenario-say (format &rest arguments)
  "Write a line to the results: FORMAT with ARGUMENTS."
  (write-region (concat (apply #'format format arguments) "\n") nil (getenv "LEAKWRIGHT_RESULTS") t 'quiet))

(defmacro scenario-test (what &rest body)
  "Run BODY as the test that WHAT names."
  (declare (indent 1))
  `(let ((start (float-time)))
     (cl-incf scenario-number)
     (condition-case problem
         (progn
           ,@body
           (scenario-say "ok %d - %s: %s # %d ms" scenario-number scenario-name ,what
                         (* 1000 (- (float-time) start))))
       (error
        (cl-incf scenario-failed)
        (scenario-say "not ok %d - %s: %s" scenario-number scenario-name ,what)
        (dolist (line (split-string (error-message-string problem) "\n"))
          (scenario-say "# %s" line))))))

(defun scenario-wait (what ask &optional seen)
  "Wait until ASK has an answer, and give it.
If it has none in time, fail with WHAT, and with what SEEN says."
  (let ((end (+ (float-time) 15)) answer)
    (while (and (not (setq answer (funcall ask))) (< (float-time) end))
      (sit-for 0.05))
    (or answer
        (error "%s: not within 15 s; saw %S" what (and seen (funcall seen))))))

(defun scenario-equal (what is wanted)
  "Fail with WHAT unless IS is what is WANTED."
  (unless (equal is wanted)
    (error "%s: saw %S\nwanted %S" what is wanted)))

(defun scenario-has (what text part)
  "Fail with WHAT unless TEXT has PART."
  (unless (and text (string-search part text))
    (error "%s has no %S: %s" what part text)))

(defun scenario-diagnostics (file)
  "What is found in FILE of the project."
  (funcall (plist-get scenario-client :diagnostics) (scenario-path file)))

(defun scenario-found (file count)
  "Wait until COUNT findings are shown of FILE, and give them."
  (let ((found (scenario-wait (format "%s has %d findings" file count)
                              (lambda ()
                                (let ((all (scenario-diagnostics file)))
                                  (and (= (length all) count) (list all))))
                              (lambda () (scenario-diagnostics file)))))
    (car found)))

(defun scenario-edit (file)
  "Show FILE of the project, with a server for it."
  (switch-to-buffer (find-file-noselect (scenario-path file)))
  (unless (derived-mode-p 'python-base-mode) (python-mode))
  (funcall (plist-get scenario-client :start)))

(defun scenario-go (place)
  "Put point at PLACE, a list of line and column from 0."
  (goto-char (point-min))
  (forward-line (car place))
  (forward-char (cadr place)))

(defun scenario-place (place)
  "PLACE of the server as a list of line and column."
  (list (plist-get place :line) (plist-get place :character)))

(defun scenario-inline-warning (fix)
  "See what FIX is about."
  (let ((file (plist-get fix :file)))
    (scenario-edit file)
    (let* ((one (car (scenario-found file 1)))
           (range (plist-get one :range))
           (related (append (plist-get one :relatedInformation) nil)))
      (scenario-equal "range"
                      (list (scenario-place (plist-get range :start)) (scenario-place (plist-get range :end)))
                      (list (plist-get fix :start) (plist-get fix :end)))
      (scenario-equal "code" (plist-get one :code) (plist-get fix :code))
      (scenario-equal "severity" (plist-get one :severity) 2)
      (scenario-has "the message" (plist-get one :message) (plist-get fix :message))
      (when related
        (dolist (wanted (plist-get fix :evidence))
          (unless (cl-some (lambda (place)
                             (string-search (plist-get wanted :message) (plist-get place :message)))
                           related)
            (error "%S is not among %S" wanted related)))))))

(defun scenario-quick-fix (fix)
  "Apply FIX, and see that it is on disk and that nothing is found any more."
  (let ((file (plist-get fix :file)) (title (plist-get fix :title)))
    (scenario-edit file)
    (scenario-found file 1)
    (scenario-go (plist-get fix :start))
    (let* ((actions (funcall (plist-get scenario-client :actions)))
           (action (assoc title actions)))
      (unless action (error "No %S among %S" title (mapcar #'car actions)))
      (funcall (cdr action)))
    (scenario-found file 0)
    (save-buffer)
    (scenario-on-disk file)))

(defun scenario-on-disk (file)
  "See that FILE is as it should be once it is fixed."
  (let ((fixed (expand-file-name (file-name-nondirectory file) (expand-file-name "fixed" scenario-fixtures))))
    (scenario-equal (concat file " on disk") (scenario-read (scenario-path file)) (scenario-read fixed))))

(defun scenario-server-process ()
  "The id of the server's process, a child of this one."
  (cl-find-if (lambda (id)
                (let ((attributes (process-attributes id)))
                  (and (equal (alist-get 'ppid attributes) (emacs-pid))
                       (not (equal (alist-get 'state attributes) "Z"))
                       (string-search "leakwright server" (or (alist-get 'args attributes) "")))))
              (list-system-processes)))

(defun scenario-insert-sound-code ()
  "Have the current buffer remove what grows."
  (goto-char (point-max))
  (insert "\n\ndef forget() -> None:\n    _searches.clear()\n"))

(defun scenario-start (name client)
  "Run all tests with the CLIENT called NAME once Emacs is idle.
It stays idle meanwhile, so that what it does when nothing happens is done."
  (run-with-idle-timer 0.1 nil #'scenario-run name client))

(defun scenario-run (name client)
  "Run all tests with the CLIENT called NAME, and end Emacs."
  (setq scenario-name (format "Emacs %s" name) scenario-client client)
  (let* ((fixes (plist-get scenario-data :fixes))
         (deque (nth 0 fixes)) (cache (nth 1 fixes)) (resource (nth 2 fixes))
         (not-open (plist-get scenario-data :notOpen))
         (not-open-file (plist-get not-open :file)))
    (scenario-test "what is found stands on its range, with code and evidence"
      (dolist (fix fixes) (scenario-inline-warning fix)))
    (scenario-test "hover says why it leaks"
      (scenario-edit (plist-get deque :file))
      (scenario-go (plist-get deque :start))
      (forward-char 1)
      (scenario-has "hover" (funcall (plist-get client :hover)) (plist-get deque :hover)))
    (scenario-test "a file that is not open has its findings"
      (scenario-found not-open-file 1)
      (scenario-equal "a buffer has it" (get-file-buffer (scenario-path not-open-file)) nil))
    (scenario-test "pyproject.toml silences a rule"
      (let* ((silencing (plist-get scenario-data :silencing))
             (path (scenario-path (plist-get silencing :file)))
             (before (scenario-read path)))
        (with-current-buffer (find-file-noselect path)
          (goto-char (point-max))
          (insert (plist-get silencing :text))
          (save-buffer)
          (scenario-found (plist-get deque :file) 0)
          (scenario-found not-open-file 0)
          (scenario-found (plist-get cache :file) 1)
          (erase-buffer)
          (insert before)
          (save-buffer))
        (scenario-found (plist-get deque :file) 1)
        (scenario-found not-open-file 1)))
    (scenario-test "the quick fix makes a deque with a limit" (scenario-quick-fix deque))
    (scenario-test "the quick fix limits a cache" (scenario-quick-fix cache))
    (scenario-test "the quick fix closes a file" (scenario-quick-fix resource))
    (scenario-test "all that is safe is fixed in a file"
      (let* ((fix-all (plist-get scenario-data :fixAll)) (file (plist-get fix-all :file)))
        (scenario-edit file)
        (scenario-found file (plist-get fix-all :count))
        (leakwright-fix-all)
        (scenario-found file 0)
        (save-buffer)
        (scenario-on-disk file)))
    (scenario-test "a server that was killed is started again"
      (scenario-edit not-open-file)
      (scenario-found not-open-file 1)
      (let ((first (scenario-wait "a server runs" #'scenario-server-process)))
        (signal-process first 'KILL)
        (scenario-wait "another server runs"
                       (lambda ()
                         (let ((now (scenario-server-process)))
                           (and now (/= now first)))))
        (scenario-edit not-open-file)
        (scenario-found not-open-file 1)
        (scenario-insert-sound-code)
        (scenario-found not-open-file 0)
        (set-buffer-modified-p nil)))
    (scenario-test "the page of a rule is shown"
      (leakwright-explain "LW101")
      (scenario-has "the page" (buffer-string) "# LW101 unbounded-collection"))
    (scenario-say "1..%d" scenario-number)
    (set-buffer-modified-p nil)
    (kill-emacs (if (zerop scenario-failed) 0 1))))

(provide 'scenario)
;;; scenario.el ends here
