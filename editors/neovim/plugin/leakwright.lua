-- Commands, for as long as the plugin is there; the server is started by `vim.lsp.enable` or `setup`.

if vim.g.loaded_leakwright then
  return
end
vim.g.loaded_leakwright = true

local function command(name, run, options)
  vim.api.nvim_create_user_command(name, function(arguments)
    require("leakwright.commands")[run](arguments)
  end, options)
end

command("LeakwrightScan", "scan", { desc = "Look at all files anew" })
command("LeakwrightReport", "report", { desc = "All findings in the quickfix list" })
command("LeakwrightFixAll", "fix_all", { desc = "Fix all that is safe to fix in this file", bang = true })
command("LeakwrightRestart", "restart", { desc = "Start the server again" })
command("LeakwrightLog", "log", { desc = "Open the log" })
command("LeakwrightExplain", "explain", {
  desc = "Explain a rule, or that of the finding at the cursor",
  nargs = "?",
  complete = function(lead)
    return require("leakwright.commands").complete_rules(lead)
  end,
})

require("leakwright.watch").start()
