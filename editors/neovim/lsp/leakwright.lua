-- What Neovim 0.11 and later need to know of the server: `vim.lsp.enable("leakwright")`.
return require("leakwright.config").server()
