-- What the server is started with.

local M = {}

M.defaults = {
  -- The program, and its arguments.
  cmd = { "leakwright", "server" },
  filetypes = { "python" },
  root_markers = { "leakwright.toml", ".leakwright.toml", "pyproject.toml", ".git" },
  settings = {
    leakwright = {
      -- Show what is found in open files, and nothing of the other files of the folder.
      openFilesOnly = false,
    },
  },
}

-- The configuration for `vim.lsp.config`, or `vim.lsp.start` before 0.11.
function M.server(own)
  local config = vim.tbl_deep_extend("force", {}, M.defaults, own or {})
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  -- The number that a fix puts in is selected, to be typed over.
  capabilities.experimental = vim.tbl_deep_extend("force", capabilities.experimental or {}, {
    leakwright = { selectsNumbers = true },
  })
  config.name = "leakwright"
  config.capabilities = vim.tbl_deep_extend("force", capabilities, config.capabilities or {})
  config.init_options = vim.tbl_deep_extend("force", vim.deepcopy(config.settings.leakwright), config.init_options or {})
  config.handlers = vim.tbl_extend("keep", config.handlers or {}, {
    ["window/showDocument"] = require("leakwright.show"),
  })
  local on_exit = config.on_exit
  config.on_exit = function(code, signal, id)
    require("leakwright.revive").ended(code, signal, id)
    if on_exit then
      on_exit(code, signal, id)
    end
  end
  return config
end

-- The kinds of files that the server is started for.
function M.filetypes()
  local own = vim.lsp.config and vim.lsp.config.leakwright
  return own and own.filetypes or M.defaults.filetypes
end

return M
