-- `:checkhealth leakwright`

local M = {}

local health = vim.health
local start = health.start or health.report_start
local ok = health.ok or health.report_ok
local warn = health.warn or health.report_warn
local fail = health.error or health.report_error

-- The program that runs, or that would.
local function program()
  local client = require("leakwright").clients()[1]
  local config = client and client.config or vim.lsp.config and vim.lsp.config.leakwright
  local cmd = (config or require("leakwright.config").defaults).cmd
  return type(cmd) == "table" and cmd[1] or nil
end

function M.check()
  start("leakwright: Neovim")
  if vim.fn.has("nvim-0.11") == 1 then
    ok("Neovim has vim.lsp.config")
  elseif vim.fn.has("nvim-0.8") == 1 then
    ok("Neovim has vim.lsp.start, which setup() uses")
  else
    fail("Neovim is older than 0.8")
  end

  start("leakwright: the program")
  local name = program()
  if name == nil then
    ok("the server is started by a function of yours")
  elseif vim.fn.executable(name) == 1 then
    ok(vim.fn.exepath(name) .. ": " .. vim.trim(vim.fn.system({ name, "--version" })))
  else
    fail(("`%s` is not executable"):format(name), {
      "Install it, and see that it is on PATH, or set `cmd` to where it is.",
    })
  end

  start("leakwright: the server")
  local clients = require("leakwright").clients()
  if #clients == 0 then
    warn("it does not run", { "Open a Python file.", 'Is there `vim.lsp.enable("leakwright")` or `require("leakwright").setup()` in your configuration?' })
  end
  for _, client in ipairs(clients) do
    local root = client.config.root_dir
    local buffers = vim.tbl_count(client.attached_buffers or {})
    ok(("runs for %d open files in %s"):format(buffers, root or "no folder"))
    if not root then
      warn("without a folder, only open files are looked at, each by itself", {
        "Put a pyproject.toml or leakwright.toml into the folder of the project.",
      })
    end
  end
end

return M
