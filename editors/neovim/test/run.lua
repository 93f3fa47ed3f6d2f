-- Drives Neovim through the scenario, with the plugin as users have it.
-- usage: nvim --clean --headless -l editors/neovim/test/run.lua, with LEAKWRIGHT, LEAKWRIGHT_FIXTURES and
-- LEAKWRIGHT_WORK in the environment. Prints the Test Anything Protocol.

local uv = vim.uv or vim.loop
local fixtures, work = os.getenv("LEAKWRIGHT_FIXTURES"), os.getenv("LEAKWRIGHT_WORK")
local project = work .. "/project"
local repository = vim.fn.getcwd()

local function read(path)
  local file = assert(io.open(path, "rb"), path)
  local text = file:read("a")
  file:close()
  return text
end

local function write(path, text)
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
end

local scenario = vim.json.decode(read(fixtures .. "/scenario.json"))
local deque, cache, resource = unpack(scenario.fixes)

-- The user's configuration, as the README has it.
vim.opt.runtimepath:prepend(repository .. "/editors/neovim")
vim.cmd.runtime("plugin/leakwright.lua")
vim.cmd("filetype on")
local cmd = { os.getenv("LEAKWRIGHT"), "server" }
if vim.lsp.config then
  vim.lsp.config("leakwright", { cmd = cmd })
  vim.lsp.enable("leakwright")
else
  require("leakwright").setup({ cmd = cmd })
end
vim.fn.chdir(project)

local number, failed = 0, 0
local name = ("Neovim %d.%d"):format(vim.version().major, vim.version().minor)

local function test(what, run)
  number = number + 1
  local start = uv.hrtime()
  local passed, saw = xpcall(run, debug.traceback)
  if passed then
    io.stdout:write(("ok %d - %s: %s # %d ms\n"):format(number, name, what, (uv.hrtime() - start) / 1e6))
  else
    failed = failed + 1
    io.stdout:write(("not ok %d - %s: %s\n# %s\n"):format(number, name, what, (saw:gsub("\n", "\n# "))))
  end
end

-- Waits until something is so; fails with what was seen last.
local function wait(what, ask, seen)
  local answer
  local passed = vim.wait(10000, function()
    answer = ask()
    return answer
  end, 20)
  if not passed then
    error(("%s: not within 10 s; saw %s"):format(what, vim.inspect(seen and seen() or "nothing")), 2)
  end
  return answer
end

local function equal(what, is, wanted)
  if not vim.deep_equal(is, wanted) then
    error(("%s: saw %s\nwanted %s"):format(what, vim.inspect(is), vim.inspect(wanted)), 2)
  end
end

local function has(what, text, part)
  if not text:find(part, 1, true) then
    error(("%s has no %q: %s"):format(what, part, text), 2)
  end
end

local function buffer(file)
  return vim.fn.bufadd(project .. "/" .. file)
end

local function diagnostics(file)
  return vim.diagnostic.get(buffer(file))
end

local function found(file, count)
  return wait(("%s has %d findings"):format(file, count), function()
    local all = diagnostics(file)
    return #all == count and all
  end, function()
    return diagnostics(file)
  end)
end

local function edit(file)
  vim.cmd.edit(vim.fn.fnameescape(project .. "/" .. file))
  wait("a server is attached to " .. file, function()
    local client = require("leakwright").clients({ bufnr = buffer(file) })[1]
    return client ~= nil and client.initialized ~= false and client.server_capabilities ~= nil
  end)
end

local function fixed(file)
  return read(fixtures .. "/fixed/" .. file:gsub("inbox/", ""))
end

local function inline_warning(fix)
  edit(fix.file)
  local one = found(fix.file, 1)[1]
  equal("range", { { one.lnum, one.col }, { one.end_lnum, one.end_col } }, { fix.start, fix["end"] })
  equal("code", one.code, fix.code)
  equal("source", one.source, "leakwright")
  equal("severity", one.severity, vim.diagnostic.severity.WARN)
  has("the message", one.message, fix.message)
  local related = vim.tbl_get(one, "user_data", "lsp", "relatedInformation") or {}
  for _, wanted in ipairs(fix.evidence) do
    local is_there = false
    for _, place in ipairs(related) do
      is_there = is_there
        or place.location.range.start.line == wanted.line and place.message:find(wanted.message, 1, true) ~= nil
    end
    equal(("%q among %s"):format(wanted.message, vim.inspect(related)), is_there, true)
  end
end

-- Text of the floating window, once there is one.
local function float()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= "" then
      return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), "\n"), window
    end
  end
end

local function quick_fix(fix)
  edit(fix.file)
  found(fix.file, 1)
  vim.api.nvim_win_set_cursor(0, { fix.start[1] + 1, fix.start[2] })
  local titles = {}
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      titles[#titles + 1] = action.title
      return action.title == fix.title
    end,
  })
  local before = vim.api.nvim_buf_get_changedtick(0)
  wait(("%q is applied"):format(fix.title), function()
    return vim.api.nvim_buf_get_changedtick(0) ~= before
  end, function()
    return titles
  end)
  found(fix.file, 0)
  vim.cmd("silent write")
  equal("on disk", read(project .. "/" .. fix.file), fixed(fix.file))
end

-- The process of the server: a child of this one.
local function server_process()
  local listed = vim.fn.systemlist({ "ps", "-o", "pid=,stat=,args=", "--ppid", tostring(uv.os_getpid()) })
  for _, line in ipairs(listed) do
    local id, state = line:match("^%s*(%d+)%s+(%S+).*leakwright server")
    if id and not state:find("Z") then
      return tonumber(id)
    end
  end
end

test("what is found stands on its range, with code and evidence", function()
  for _, fix in ipairs(scenario.fixes) do
    inline_warning(fix)
  end
end)

test("hover says why it leaks", function()
  edit(deque.file)
  vim.api.nvim_win_set_cursor(0, { deque.start[1] + 1, deque.start[2] + 1 })
  vim.lsp.buf.hover()
  local text = wait("a hover is shown", float)
  has("hover", text:gsub("\n", " "), deque.hover)
  vim.api.nvim_win_close(select(2, float()), true)
end)

test("a file that is not open has its findings", function()
  local one = found(scenario.notOpen.file, 1)[1]
  equal("line", one.lnum, scenario.notOpen.line)
  equal("it is loaded", vim.api.nvim_buf_is_loaded(buffer(scenario.notOpen.file)), false)
end)

test("the report is in the quickfix list", function()
  local all = scenario.leaks + scenario.fixAll.count
  wait("all files have been looked at", function()
    return #vim.diagnostic.get() == all
  end, vim.diagnostic.get)
  vim.cmd("LeakwrightReport")
  local items = vim.fn.getqflist()
  local first = items[1]
  equal("worst first", { first.type, first.lnum }, { "W", resource.start[1] + 1 })
  local kinds = {}
  for _, item in ipairs(items) do
    kinds[item.type] = (kinds[item.type] or 0) + 1
  end
  equal("leaks", kinds.W, scenario.leaks)
  equal("for information", kinds.I, scenario.fixAll.count)
  vim.cmd.cclose()
end)

test("the page of the rule at the cursor is shown", function()
  edit(deque.file)
  found(deque.file, 1)
  vim.api.nvim_win_set_cursor(0, { deque.start[1] + 1, 0 })
  vim.cmd("LeakwrightExplain")
  has("the page", vim.api.nvim_buf_get_lines(0, 0, 1, false)[1], "# LW101 unbounded-collection")
  vim.cmd.close()
  equal("rules are completed", require("leakwright.commands").complete_rules("lw202"), { "LW202" })
end)

test("pyproject.toml silences a rule", function()
  local path = project .. "/" .. scenario.silencing.file
  local before = read(path)
  vim.cmd.edit(path)
  vim.api.nvim_buf_set_lines(0, -1, -1, false, { (scenario.silencing.text:gsub("\n", "")) })
  vim.cmd("silent write")
  found(deque.file, 0)
  found(scenario.notOpen.file, 0)
  found(cache.file, 1)
  vim.cmd("silent undo")
  vim.cmd("silent write")
  equal("the file is as it was", read(path), before)
  found(deque.file, 1)
  found(scenario.notOpen.file, 1)
end)

test("a file changed by others is looked at when the workspace is scanned", function()
  local path = project .. "/" .. scenario.notOpen.file
  local before = read(path)
  write(path, before .. "\n\ndef forget() -> None:\n    _searches.clear()\n")
  vim.cmd("LeakwrightScan")
  found(scenario.notOpen.file, 0)
  write(path, before)
  vim.cmd("LeakwrightScan")
  found(scenario.notOpen.file, 1)
end)

test("the quick fix makes a deque with a limit, and selects the limit", function()
  quick_fix(deque)
  wait("the limit is selected", function()
    return vim.api.nvim_get_mode().mode:find("[vs]") ~= nil
  end, function()
    return { vim.api.nvim_get_mode(), vim.api.nvim_win_get_cursor(0) }
  end)
  local from, to = vim.fn.getpos("v"), vim.fn.getpos(".")
  local line = vim.fn.getline(from[2])
  equal("selected", line:sub(math.min(from[3], to[3]), math.max(from[3], to[3])), deque.number)
  vim.cmd.normal({ args = { "\27" }, bang = true })
end)

test("the quick fix limits a cache", function()
  quick_fix(cache)
end)

test("the quick fix closes a file", function()
  quick_fix(resource)
end)

test("all that is safe is fixed in a file", function()
  edit(scenario.fixAll.file)
  found(scenario.fixAll.file, scenario.fixAll.count)
  vim.cmd("LeakwrightFixAll")
  found(scenario.fixAll.file, 0)
  vim.cmd("silent write")
  equal("on disk", read(project .. "/" .. scenario.fixAll.file), fixed(scenario.fixAll.file))
end)

test("a server that was killed is started again", function()
  edit(scenario.notOpen.file)
  local first = wait("a server runs", server_process)
  uv.kill(first, "sigkill")
  local second = wait("another server runs", function()
    local now = server_process()
    return now ~= first and now
  end)
  edit(scenario.notOpen.file)
  found(scenario.notOpen.file, 1)
  vim.api.nvim_buf_set_lines(0, -1, -1, false, { "", "", "def forget() -> None:", "    _searches.clear()" })
  found(scenario.notOpen.file, 0)
  vim.cmd("silent edit!")
  found(scenario.notOpen.file, 1)
  equal("it still runs", server_process(), second)
end)

test("the server is restarted by command", function()
  local first = server_process()
  vim.cmd("LeakwrightRestart")
  wait("another server runs", function()
    local now = server_process()
    return now ~= nil and now ~= first
  end)
  edit(scenario.notOpen.file)
  found(scenario.notOpen.file, 1)
end)

test("help is found", function()
  vim.fn.mkdir(work .. "/help/doc", "p")
  write(work .. "/help/doc/leakwright.txt", read(repository .. "/editors/neovim/doc/leakwright.txt"))
  vim.cmd.helptags(work .. "/help/doc")
  vim.opt.runtimepath:append(work .. "/help")
  for _, tag in ipairs({ "leakwright", ":LeakwrightReport", "leakwright-settings" }) do
    vim.cmd.help(tag)
    equal("help of " .. tag, vim.fn.expand("%:t"), "leakwright.txt")
  end
  vim.cmd.helpclose()
end)

test("the entry for nvim-lspconfig says what the plugin says", function()
  local entry = dofile(repository .. "/editors/neovim/registry/nvim-lspconfig.lua")
  local own = require("leakwright.config").defaults
  for _, key in ipairs({ "cmd", "filetypes", "root_markers" }) do
    equal(key, entry[key], own[key])
  end
end)

test("checkhealth is content", function()
  vim.cmd("checkhealth leakwright")
  local text = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\n")
  has("checkhealth", text, "leakwright 0.")
  has("checkhealth", text, project)
  equal("complaints", text:match("[^\n]*ERROR[^\n]*") or text:match("[^\n]*WARNING[^\n]*"), nil)
end)

io.stdout:write(("1..%d\n"):format(number))
vim.cmd(failed == 0 and "qall!" or "cquit 1")
