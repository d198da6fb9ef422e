Attribute VB_Name = "SopCycle"
Option Explicit
Option Private Module

' Who signs and which step is reopened is asked here; gates, signature and log are Python's.

Private Const WHO As String = "Sign the next step of the cycle. Who signs?"
Private Const REMARK As String = "A comment, or nothing:"
Private Const WHICH As String = "Which step shall be reopened? Data gathering, Demand plan, Supply plan, Pre-S&OP or Executive S&OP. The signed steps after it are reopened too; a demand plan that cannot be met goes back to Sales."

Public Sub AskToSign()
    Dim by As String
    by = Trim$(InputBox(WHO, SOP_TITLE, Application.UserName))
    If by = "" Then Exit Sub
    RunStep "Sign", "sign", PythonTexts(by, InputBox(REMARK, SOP_TITLE))
End Sub

Public Sub AskToReopen()
    Dim step_name As String
    step_name = Trim$(InputBox(WHICH, SOP_TITLE, "Demand plan"))
    If step_name = "" Then Exit Sub
    RunStep "Reopen", "reopen", PythonTexts(step_name, InputBox(REMARK, SOP_TITLE))
End Sub
