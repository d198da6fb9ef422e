Attribute VB_Name = "SopScenarios"
Option Explicit
Option Private Module

' The scenarios of tblScenarios, and the chosen one: it stands in the cell named SopScenario, where Python reads it.

Private Const CHOICE_CELL As String = "SopScenario"
Private Const BASE_SCENARIO As String = "Base"

Private mNames As Collection

Public Function ReadScenarios() As Long
    ' Reads the names anew; how many there are, the base scenario included.
    Dim cell As Range
    Dim names As Range

    Set mNames = New Collection
    mNames.Add BASE_SCENARIO
    Set names = ScenarioColumn()
    If Not names Is Nothing Then
        For Each cell In names.Cells
            AddScenario cell.Value
        Next cell
    End If
    ReadScenarios = mNames.Count
End Function

Public Function ScenarioAt(ByVal index As Long) As String
    If mNames Is Nothing Then ReadScenarios
    If index >= 0 And index < mNames.Count Then ScenarioAt = mNames(index + 1)
End Function

Public Function ChosenScenarioIndex() As Long
    ' An unknown name shows as the base scenario.
    Dim position As Long
    If mNames Is Nothing Then ReadScenarios
    For position = 1 To mNames.Count
        If StrComp(mNames(position), ChosenScenario(), vbTextCompare) = 0 Then ChosenScenarioIndex = position - 1
    Next position
End Function

Public Sub ChooseScenario(ByVal index As Long)
    Dim cell As Range
    Set cell = ChoiceCell()
    If cell Is Nothing Then Exit Sub
    On Error GoTo Refused
    cell.Value = ScenarioAt(index)
    Exit Sub
Refused:
    MsgBox "The scenario was not changed: " & Err.Description & " Unprotect the sheet " & cell.Worksheet.Name & _
        " and choose again.", vbExclamation, SOP_TITLE
    RefreshRibbon
End Sub

Public Function CanChooseScenario() As Boolean
    CanChooseScenario = Not ChoiceCell() Is Nothing
End Function

Private Function ChosenScenario() As String
    Dim cell As Range
    Set cell = ChoiceCell()
    If Not cell Is Nothing Then ChosenScenario = cell.Text
End Function

Private Function ChoiceCell() As Range
    On Error Resume Next
    Set ChoiceCell = ThisWorkbook.Names(CHOICE_CELL).RefersToRange
End Function

Private Function ScenarioColumn() As Range
    ' Nothing when the table is not there or has no rows; the planner may have moved it to another sheet.
    Dim sheet As Worksheet
    On Error Resume Next
    For Each sheet In ThisWorkbook.Worksheets
        Set ScenarioColumn = sheet.ListObjects("tblScenarios").ListColumns("Scenario").DataBodyRange
        If Not ScenarioColumn Is Nothing Then Exit Function
    Next sheet
End Function

Private Sub AddScenario(ByVal entry As Variant)
    Dim known As Variant
    If IsError(entry) Then Exit Sub
    If Trim$(CStr(entry)) = "" Then Exit Sub
    For Each known In mNames
        If StrComp(known, Trim$(CStr(entry)), vbTextCompare) = 0 Then Exit Sub
    Next known
    mNames.Add Trim$(CStr(entry))
End Sub
