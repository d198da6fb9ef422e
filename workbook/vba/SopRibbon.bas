Attribute VB_Name = "SopRibbon"
Option Explicit

' Callbacks named in workbook/ribbon/customUI14.xml. The signatures are Office's; nothing is decided here.

Public Sub SopRibbonLoaded(ribbon As IRibbonUI)
    KeepRibbon ribbon
End Sub

Public Sub SopOnCheck(control As IRibbonControl)
    SopCheck
End Sub

Public Sub SopOnForecast(control As IRibbonControl)
    SopForecast
End Sub

Public Sub SopOnAggregate(control As IRibbonControl)
    SopAggregate
End Sub

Public Sub SopOnAccuracy(control As IRibbonControl)
    SopAccuracy
End Sub

Public Sub SopOnBalance(control As IRibbonControl)
    SopBalance
End Sub

Public Sub SopOnRoughCut(control As IRibbonControl)
    SopRoughCut
End Sub

Public Sub SopOnRunAll(control As IRibbonControl)
    SopRunAll
End Sub

Public Sub SopOnPublish(control As IRibbonControl)
    SopPublish
End Sub

Public Sub SopOnRollForward(control As IRibbonControl)
    SopRollForward
End Sub

Public Sub SopOnRunScenarios(control As IRibbonControl)
    SopRunScenarios
End Sub

Public Sub SopOnAdopt(control As IRibbonControl)
    SopAdopt
End Sub

Public Sub SopOnRisk(control As IRibbonControl)
    SopRisk
End Sub

Public Sub SopOnSign(control As IRibbonControl)
    SopSign
End Sub

Public Sub SopOnReopen(control As IRibbonControl)
    SopReopen
End Sub

Public Sub SopOnUndo(control As IRibbonControl)
    SopUndo
End Sub

Public Sub SopOnMailCopy(control As IRibbonControl)
    SopMailCopy
End Sub

Public Sub SopOnCollectCopies(control As IRibbonControl)
    SopCollectCopies
End Sub

Public Sub SopOnStop(control As IRibbonControl)
    SopStop
End Sub

Public Sub SopOnImportHistory(control As IRibbonControl)
    SopImportHistory
End Sub

Public Sub SopOnImportBudget(control As IRibbonControl)
    SopImportBudget
End Sub

Public Sub SopOnSetUp(control As IRibbonControl)
    SopSetUp
End Sub

Public Sub SopOnShortcuts(control As IRibbonControl)
    SopShortcuts
End Sub

Public Sub SopStepEnabled(control As IRibbonControl, ByRef returnedVal)
    returnedVal = CanRunStep()
End Sub

Public Sub SopUndoEnabled(control As IRibbonControl, ByRef returnedVal)
    returnedVal = CanRunStep() And CanUndo()
End Sub

Public Sub SopStopVisible(control As IRibbonControl, ByRef returnedVal)
    returnedVal = CanPressStop()
End Sub

Public Sub SopScenarioEnabled(control As IRibbonControl, ByRef returnedVal)
    returnedVal = CanRunStep() And CanChooseScenario()
End Sub

Public Sub SopScenarioCount(control As IRibbonControl, ByRef returnedVal)
    returnedVal = ReadScenarios()
End Sub

Public Sub SopScenarioLabel(control As IRibbonControl, index As Integer, ByRef returnedVal)
    returnedVal = ScenarioAt(index)
End Sub

Public Sub SopScenarioId(control As IRibbonControl, index As Integer, ByRef returnedVal)
    returnedVal = "SopScenario" & index
End Sub

Public Sub SopScenarioIndex(control As IRibbonControl, ByRef returnedVal)
    returnedVal = ChosenScenarioIndex()
End Sub

Public Sub SopOnScenario(control As IRibbonControl, id As String, index As Integer)
    ChooseScenario index
End Sub
