;;; run-eglot.el --- Drives Emacs with eglot -*- lexical-binding: t -*-

;;; Code:

(load (expand-file-name "scenario.el" (file-name-directory load-file-name)) nil t)
(require 'eglot)
(require 'python)

(setq eglot-autoreconnect t
      eglot-confirm-server-edits nil
      eglot-sync-connect 20
      eglot-send-changes-idle-time 0.1
      flymake-no-changes-timeout 0.1
      eglot-events-buffer-config '(:size 0))

(defun run-eglot-diagnostics (file)
  "What flymake shows of FILE."
  (let ((buffer (get-file-buffer file)))
    (if (and buffer (with-current-buffer buffer (eglot-managed-p)))
        (with-current-buffer buffer
          (mapcar (lambda (one) (alist-get 'eglot-lsp-diag (flymake-diagnostic-data one)))
                  (flymake-diagnostics)))
      (alist-get file flymake-list-only-diagnostics nil nil #'equal))))

(scenario-start
 "eglot"
 (list
  :start (lambda ()
           (unless (eglot-managed-p)
             (eglot-ensure)
             ;; It waits for the end of a command.
             (run-hooks 'post-command-hook))
           (scenario-wait "a server is there" #'eglot-managed-p))
  :diagnostics #'run-eglot-diagnostics
  :hover (lambda ()
           (let (text)
             (eglot-hover-eldoc-function (lambda (shown &rest _) (setq text shown)))
             (replace-regexp-in-string "\n" " " (scenario-wait "hover is shown" (lambda () text)))))
  :actions (lambda ()
             (mapcar (lambda (action)
                       (cons (plist-get action :title)
                             (lambda () (eglot-execute (eglot-current-server) action))))
                     (eglot-code-actions (point) (point) "quickfix")))))

;;; run-eglot.el ends here
