;;; run-lsp-mode.el --- Drives Emacs with lsp-mode -*- lexical-binding: t -*-

;;; Code:

(load (expand-file-name "scenario.el" (file-name-directory load-file-name)) nil t)
(require 'lsp-mode)
(load "lsp-mode-autoloads" nil t)
(require 'python)

(setq lsp-session-file (expand-file-name "session" user-emacs-directory)
      lsp-server-install-dir user-emacs-directory
      lsp-restart 'auto-restart
      lsp-idle-delay 0.1
      lsp-auto-guess-root t
      lsp-enable-suggest-server-download nil
      lsp-headerline-breadcrumb-enable nil
      lsp-modeline-code-actions-enable nil
      lsp-diagnostics-provider :flymake
      lsp-enable-snippet nil
      lsp-warn-no-matched-clients nil)

(defun run-lsp-mode-plist (value)
  "VALUE of the protocol, with plists for what lsp-mode keeps in tables."
  (cond
   ((hash-table-p value)
    (let (list)
      (maphash (lambda (key item)
                 (setq list (append list (list (intern (concat ":" key)) (run-lsp-mode-plist item)))))
               value)
      list))
   ((vectorp value) (mapcar #'run-lsp-mode-plist value))
   (t value)))

(scenario-start
 "lsp-mode"
 (list
  :start (lambda ()
           (unless (bound-and-true-p lsp-mode) (lsp))
           (scenario-wait "a server is there" #'lsp-workspaces))
  :diagnostics (lambda (file) (mapcar #'run-lsp-mode-plist (gethash file (lsp-diagnostics))))
  :hover (lambda ()
           (let* ((answer (run-lsp-mode-plist
                           (lsp-request "textDocument/hover" (lsp--text-document-position-params))))
                  (contents (plist-get answer :contents)))
             (plist-get contents :value)))
  :actions (lambda ()
             (mapcar (lambda (action)
                       (cons (lsp:code-action-title action) (lambda () (lsp-execute-code-action action))))
                     (lsp-code-actions-at-point)))))

;;; run-lsp-mode.el ends here
