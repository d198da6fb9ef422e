Attribute VB_Name = "SopActions"
Option Explicit

' What a planner can start: ribbon buttons, buttons on Home and keyboard shortcuts all come here.
' A new step needs one Sub here, one callback in SopRibbon, one <button> in workbook/ribbon/customUI14.xml
' and, where it has a shortcut or a button on Home, one line in SopKeys or in sop_addin/excel/template/sheets_home.py.

Public Sub SopCheck()
    RunStep "Check", "check"
End Sub

Public Sub SopForecast()
    RunStep "Forecast", "forecast"
End Sub

Public Sub SopAggregate()
    RunStep "Aggregate", "aggregate"
End Sub

Public Sub SopAccuracy()
    RunStep "Accuracy", "accuracy"
End Sub

Public Sub SopBalance()
    RunStep "Balance", "balance"
End Sub

Public Sub SopRoughCut()
    RunStep "Rough cut", "rough_cut"
End Sub

Public Sub SopRunAll()
    RunStep "Run all steps", "run_all"
End Sub

Public Sub SopPublish()
    RunStep "Publish", "publish"
End Sub

Public Sub SopRollForward()
    RunStep "Roll forward", "roll_forward"
End Sub

Public Sub SopRunScenarios()
    RunStep "Run all scenarios", "run_scenarios"
End Sub

Public Sub SopAdopt()
    RunStep "Adopt", "adopt"
End Sub

Public Sub SopRisk()
    RunStep "Risk", "risk"
End Sub

Public Sub SopSign()
    AskToSign
End Sub

Public Sub SopReopen()
    AskToReopen
End Sub

Public Sub SopUndo()
    RunStep "Undo last run", "undo_last_run"
End Sub

Public Sub SopMailCopy()
    AskForMailCopy
End Sub

Public Sub SopCollectCopies()
    AskForCopies
End Sub

Public Sub SopStop()
    RunStep "Stop", "stop_run"
End Sub

Public Sub SopImportHistory()
    RunStepOnFile "Import history", "import_history"
End Sub

Public Sub SopImportBudget()
    RunStepOnFile "Import budget", "import_budget"
End Sub

Public Sub SopSetUp()
    ShowPythonState
End Sub

Public Sub SopShortcuts()
    ShowShortcuts
End Sub
