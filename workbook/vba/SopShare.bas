Attribute VB_Name = "SopShare"
Option Explicit
Option Private Module

' What a mail copy is to hold is asked here; the copy itself is Python's.

Private Const EVERYBODY As String = "May every input cell of the copy be typed into? No: only those of one owner."
Private Const WHO As String = "Whose copy is it? Type the name of the owner, as on the sheet Families."
Private Const ONLY_THEIRS As String = "Only the families of this owner?"
Private Const NO_COST As String = "Leave out costs and margins?"

Public Sub AskForMailCopy()
    Dim owner As String
    Dim theirs As Long
    Dim cost As Long
    Select Case MsgBox(EVERYBODY, vbYesNoCancel + vbQuestion, SOP_TITLE)
        Case vbCancel
            Exit Sub
        Case vbNo
            owner = Trim$(InputBox(WHO, SOP_TITLE))
            If owner = "" Then Exit Sub
            theirs = MsgBox(ONLY_THEIRS, vbYesNoCancel + vbQuestion, SOP_TITLE)
            If theirs = vbCancel Then Exit Sub
    End Select
    cost = MsgBox(NO_COST, vbYesNoCancel + vbQuestion, SOP_TITLE)
    If cost = vbCancel Then Exit Sub
    RunStep "Mail copy", "mail_copy", PythonTexts(owner, YesText(theirs), YesText(cost))
End Sub

Private Function YesText(ByVal answer As Long) As String
    If answer = vbYes Then YesText = "yes"
End Function
