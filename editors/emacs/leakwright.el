;;; leakwright.el --- Find memory leaks in Python -*- lexical-binding: t -*-

;; Version: 0.1.0
;; Package-Requires: ((emacs "29.1"))
;; Keywords: languages, tools
;; URL: https://github.com/leakwright/leakwright
;; SPDX-License-Identifier: MIT OR Apache-2.0

;;; Commentary:

;; Tells eglot and lsp-mode of Leakwright's language server.  Both may be there; whichever is used in a Python
;; buffer starts it.
;;
;;     (require 'leakwright)
;;     (add-hook 'python-base-mode-hook #'eglot-ensure)   ; or #'lsp-deferred

;;; Code:

(require 'cl-lib)

(defgroup leakwright nil
  "Finding memory leaks in Python."
  :group 'tools)

(defcustom leakwright-command '("leakwright" "server")
  "The program and its arguments."
  :type '(repeat string))

(defcustom leakwright-open-files-only nil
  "Whether to show what is found in open files, and nothing of the other files of the folder."
  :type 'boolean)

(defun leakwright--settings ()
  "What the server is told."
  (list :openFilesOnly (if leakwright-open-files-only t :json-false)))

(defvar eglot-server-programs)
(declare-function eglot-current-server "eglot")
(declare-function eglot-code-actions "eglot")
(declare-function eglot-execute "eglot")
(declare-function eglot-server-programs "eglot")

(defun leakwright--eglot-contact (&optional _interactive)
  "What eglot starts."
  (append leakwright-command (list :initializationOptions (leakwright--settings))))

(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs '((python-mode python-ts-mode) . leakwright--eglot-contact)))

(declare-function lsp-register-client "lsp-mode")
(declare-function make-lsp-client "lsp-mode")
(declare-function lsp-stdio-connection "lsp-mode")
(declare-function lsp-activate-on "lsp-mode")
(declare-function lsp-execute-code-action-by-kind "lsp-mode")

(with-eval-after-load 'lsp-mode
  (lsp-register-client
   (make-lsp-client
    :new-connection (lsp-stdio-connection (lambda () leakwright-command))
    :activation-fn (lsp-activate-on "python")
    :initialization-options #'leakwright--settings
    ;; Beside a type checker, not instead of it.
    :add-on? t
    :server-id 'leakwright)))

(defun leakwright-fix-all ()
  "Fix all that is safe to fix in this file."
  (interactive)
  (cond
   ((bound-and-true-p lsp-mode) (lsp-execute-code-action-by-kind "source.fixAll.leakwright"))
   ((and (fboundp 'eglot-current-server) (eglot-current-server))
    (let ((actions (eglot-code-actions (point-min) (point-max) "source.fixAll.leakwright")))
      (if actions
          (eglot-execute (eglot-current-server) (car actions))
        (message "Leakwright: nothing in this file is safe to fix by itself"))))
   (t (user-error "Leakwright's server does not run in this buffer"))))

(defun leakwright--rules ()
  "The codes of all rules."
  (with-temp-buffer
    (call-process (car leakwright-command) nil '(t nil) nil "rules" "--format" "json")
    (goto-char (point-min))
    (mapcar (lambda (rule) (gethash "code" rule)) (gethash "rules" (json-parse-buffer)))))

(defun leakwright-explain (code)
  "Show the page of the rule CODE."
  (interactive
   (list (completing-read "Rule: " (leakwright--rules))))
  (pop-to-buffer (format "*leakwright %s*" code))
  (let ((inhibit-read-only t))
    (erase-buffer)
    (call-process (car leakwright-command) nil t nil "explain" code))
  (goto-char (point-min))
  (when (fboundp 'markdown-view-mode) (markdown-view-mode))
  (setq buffer-read-only t))

(provide 'leakwright)
;;; leakwright.el ends here
