Attribute VB_Name = "SopKeys"
Option Explicit
Option Private Module

' Keyboard shortcuts. Ctrl+Shift with letters that Excel leaves free; Ctrl+Alt would be AltGr on many keyboards.
' They belong to Excel as a whole, so they are set while this workbook is in front and given back when it is not.

Private Function Shortcuts() As Variant
    ' OnKey code | macro | what the planner reads
    Shortcuts = Array( _
        "^+k|SopCheck|Ctrl+Shift+K: Check", _
        "^+d|SopForecast|Ctrl+Shift+D: Forecast", _
        "^+m|SopAggregate|Ctrl+Shift+M: Aggregate", _
        "^+b|SopBalance|Ctrl+Shift+B: Balance", _
        "^+r|SopRunAll|Ctrl+Shift+R: Run all steps")
End Function

Public Sub SetKeys()
    Dim shortcut As Variant
    Dim book As String
    On Error Resume Next
    book = "'" & Replace(ThisWorkbook.Name, "'", "''") & "'!"
    For Each shortcut In Shortcuts()
        Application.OnKey Split(shortcut, "|")(0), book & Split(shortcut, "|")(1)
    Next shortcut
End Sub

Public Sub GiveKeysBack()
    Dim shortcut As Variant
    On Error Resume Next
    For Each shortcut In Shortcuts()
        Application.OnKey Split(shortcut, "|")(0)
    Next shortcut
End Sub

Public Sub ShowShortcuts()
    Dim shortcut As Variant
    Dim lines As String
    For Each shortcut In Shortcuts()
        lines = lines & vbNewLine & Split(shortcut, "|")(2)
    Next shortcut
    #If Not Mac Then
        lines = lines & vbNewLine & "Esc, held while a step plans: stop it; nothing is changed"
    #End If
    MsgBox "While this workbook is in front:" & vbNewLine & lines, vbInformation, SOP_TITLE
End Sub
