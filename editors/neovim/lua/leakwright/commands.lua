-- The commands of the plugin.

local M = {}

local client_of = require("leakwright.client")

local function say(text, level)
  vim.notify("Leakwright: " .. text, level or vim.log.levels.INFO)
end

-- The servers that run; says so if there are none.
local function clients(filter)
  local found = require("leakwright").clients(filter)
  if #found == 0 then
    say("the server does not run; open a Python file first, or see :checkhealth leakwright", vim.log.levels.WARN)
  end
  return found
end

-- What is found, in all files.
local function findings()
  return vim.tbl_filter(function(one)
    return one.source == "leakwright"
  end, vim.diagnostic.get())
end

-- Has the servers look at all files anew.
function M.scan()
  for _, client in ipairs(clients()) do
    if client_of.has_command(client, "leakwright.scanWorkspace") then
      client_of.request(client, "workspace/executeCommand", { command = "leakwright.scanWorkspace" })
    elseif client.config.root_dir then
      require("leakwright.watch").changed(client.config.root_dir .. "/pyproject.toml")
    end
  end
end

-- All findings in the quickfix list, worst first, with their evidence.
function M.report()
  local found = findings()
  if #found == 0 then
    say("no leaks are found")
  end
  table.sort(found, function(a, b)
    if a.severity ~= b.severity then
      return a.severity < b.severity
    end
    local left, right = vim.api.nvim_buf_get_name(a.bufnr), vim.api.nvim_buf_get_name(b.bufnr)
    if left ~= right then
      return left < right
    end
    return a.lnum < b.lnum
  end)
  local items = {}
  for _, one in ipairs(found) do
    items[#items + 1] = {
      bufnr = one.bufnr,
      lnum = one.lnum + 1,
      col = one.col + 1,
      end_lnum = one.end_lnum and one.end_lnum + 1,
      end_col = one.end_col and one.end_col + 1,
      type = ({ "E", "W", "I", "N" })[one.severity],
      text = ("%s %s"):format(one.code or "", one.message),
    }
    local related = vim.tbl_get(one, "user_data", "lsp", "relatedInformation") or {}
    for _, place in ipairs(related) do
      items[#items + 1] = {
        filename = vim.uri_to_fname(place.location.uri),
        lnum = place.location.range.start.line + 1,
        col = place.location.range.start.character + 1,
        type = "N",
        text = "  " .. place.message,
      }
    end
  end
  vim.fn.setqflist({}, " ", { title = "Leakwright", items = items })
  if #items > 0 then
    vim.cmd("copen")
  end
end

-- Fixes all that is safe to fix in this file; with a bang, in all files that have findings.
function M.fix_all(arguments)
  local buffers = { vim.api.nvim_get_current_buf() }
  if arguments and arguments.bang then
    local seen = {}
    for _, one in ipairs(findings()) do
      seen[one.bufnr] = true
    end
    buffers = vim.tbl_keys(seen)
  end
  local count = 0
  for _, buffer in ipairs(buffers) do
    count = count + (M.fix_buffer(buffer) and 1 or 0)
  end
  if count == 0 then
    say("nothing is safe to fix by itself")
  elseif #buffers > 1 then
    say(("fixed %d files; :wall writes them"):format(count))
  end
end

-- Whether something was fixed in a buffer.
function M.fix_buffer(buffer)
  if not vim.api.nvim_buf_is_loaded(buffer) then
    vim.fn.bufload(buffer)
    vim.bo[buffer].buflisted = true
    if vim.bo[buffer].filetype == "" then
      vim.bo[buffer].filetype = "python"
    end
  end
  -- A buffer that was only just loaded may have no server yet.
  vim.wait(2000, function()
    local found = require("leakwright").clients({ bufnr = buffer })
    return found[1] ~= nil and found[1].initialized ~= false
  end, 20)
  local is_fixed = false
  for _, client in ipairs(clients({ bufnr = buffer })) do
    local params = {
      textDocument = vim.lsp.util.make_text_document_params(buffer),
      range = { start = { line = 0, character = 0 }, ["end"] = { line = vim.api.nvim_buf_line_count(buffer), character = 0 } },
      context = { only = { "source.fixAll.leakwright" }, diagnostics = {} },
    }
    local answer = client_of.request(client, "textDocument/codeAction", params, buffer)
    for _, action in ipairs(answer and answer.result or {}) do
      if not action.edit then
        local resolved = client_of.request(client, "codeAction/resolve", action, buffer)
        action = resolved and resolved.result or action
      end
      if action.edit and next(action.edit) then
        vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
        is_fixed = true
      end
    end
  end
  return is_fixed
end

-- Ends the servers, and starts one for all files that are open.
function M.restart()
  local stopped = require("leakwright").clients()
  for _, client in ipairs(stopped) do
    client_of.stop(client)
  end
  vim.wait(3000, function()
    for _, client in ipairs(stopped) do
      -- Neovim would use again what it has not forgotten.
      if vim.lsp.get_client_by_id(client.id) then
        return false
      end
    end
    return true
  end, 20)
  require("leakwright.revive").start()
end

function M.log()
  vim.cmd.tabnew(vim.lsp.get_log_path())
end

local function program()
  for _, client in ipairs(require("leakwright").clients()) do
    if type(client.config.cmd) == "table" then
      return client.config.cmd[1]
    end
  end
  return require("leakwright.config").defaults.cmd[1]
end

-- Shows the page of a rule: that of the finding at the cursor, if none is named.
function M.explain(arguments)
  local code = arguments and arguments.args ~= "" and arguments.args or nil
  if not code then
    local line = vim.api.nvim_win_get_cursor(0)[1] - 1
    for _, one in ipairs(vim.diagnostic.get(0, { lnum = line })) do
      code = code or (one.source == "leakwright" and one.code)
    end
  end
  if not code then
    return say("there is no finding on this line; name a rule, as in :LeakwrightExplain LW101")
  end
  local page = vim.fn.systemlist({ program(), "explain", code })
  if vim.v.shell_error ~= 0 then
    return say(table.concat(page, "\n"), vim.log.levels.ERROR)
  end
  vim.cmd("new")
  vim.api.nvim_buf_set_lines(0, 0, -1, false, page)
  vim.bo.buftype, vim.bo.bufhidden, vim.bo.swapfile = "nofile", "wipe", false
  vim.bo.filetype, vim.bo.modifiable = "markdown", false
end

function M.complete_rules(lead)
  local rules = {}
  local listed = vim.fn.system({ program(), "rules", "--format", "json" })
  if vim.v.shell_error ~= 0 then
    return rules
  end
  for _, rule in ipairs(vim.json.decode(listed).rules) do
    if vim.startswith(rule.code, lead:upper()) then
      rules[#rules + 1] = rule.code
    end
  end
  return rules
end

return M
