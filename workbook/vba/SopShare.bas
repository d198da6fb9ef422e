Attribute VB_Name = "SopShare"
Option Explicit
Option Private Module

' What a mail copy is to hold, and which copies came back, is asked here; the rest is Python's.

Private Const EVERYBODY As String = "May every input cell of the copy be typed into? No: only those of one owner."
Private Const WHO As String = "Whose copy is it? Type the name of the owner, as on the sheet Families."
Private Const ONLY_THEIRS As String = "Only the families of this owner?"
Private Const NO_COST As String = "Leave out costs and margins?"
Private Const TAKE_CHOSEN As String = "Take what is chosen on the sheet Merge? No: collect other copies."
Private Const WHICH_COPIES As String = "Copies that came back"
Private Const TOO_MANY As String = "These are too many files for one go: choose some of them, take their edits, then the others."
Private Const MOST_TEXTS As Long = 6000 ' of the 8,191 characters that Windows passes on to Python

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

Public Sub AskForCopies()
    Dim files As Variant
    Dim file As Variant
    Dim texts As String
    If MergeIsListed() Then
        Select Case MsgBox(TAKE_CHOSEN, vbYesNoCancel + vbQuestion, SOP_TITLE)
            Case vbCancel
                Exit Sub
            Case vbYes
                RunStep "Collect copies", "collect_copies"
                Exit Sub
        End Select
    End If
    #If Mac Then
        files = Application.GetOpenFilename(title:=WHICH_COPIES, MultiSelect:=True)
    #Else
        files = Application.GetOpenFilename("Copies (*.xlsx),*.xlsx", 1, WHICH_COPIES, , True)
    #End If
    If Not IsArray(files) Then Exit Sub
    For Each file In files
        texts = texts & PythonTexts(CStr(file))
    Next file
    If Len(texts) > MOST_TEXTS Then
        MsgBox TOO_MANY, vbExclamation, SOP_TITLE
    Else
        RunStep "Collect copies", "collect_copies", texts
    End If
End Sub

Private Function MergeIsListed() As Boolean
    On Error Resume Next
    MergeIsListed = (CStr(ThisWorkbook.Worksheets("Merge").Range("B6").Value) <> "")
End Function

Private Function YesText(ByVal answer As Long) As String
    If answer = vbYes Then YesText = "yes"
End Function
