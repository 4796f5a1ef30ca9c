return Microsoft.PowerShell.ConsoleShell.Start("PowerShell", "", args);
