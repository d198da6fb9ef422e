Attribute VB_Name = "SopPython"
Option Explicit
Option Private Module

' Is Python there, with sop-addin and the xlwings this workbook was made for? Asked when a step is started, once a
' session, and never when the workbook opens.

Private Const EXIT_READY As Long = 0
Private Const EXIT_OLD_PYTHON As Long = 2
Private Const EXIT_NO_SOP_ADDIN As Long = 3
Private Const EXIT_OTHER_XLWINGS As Long = 4
Private Const EXIT_NO_PYTHON As Long = -1

Private Const HIDDEN_WINDOW As Long = 0
Private Const INSTALL_ALL As String = "install Python 3.11 or later, run 'pip install sop-addin' and then " & _
    "'sop-addin install' in a terminal, and press the button again. Without it every sheet still works."

Private mReady As Boolean

Public Function PythonProblem() As String
    ' "" when a step can run, else one message: what is missing and how to get it.
    If mReady Then Exit Function
    #If Mac Then
        PythonProblem = ProblemOnMac()
    #Else
        PythonProblem = ProblemOnWindows()
    #End If
    mReady = (PythonProblem = "")
End Function

Public Sub ShowPythonState()
    Dim problem As String
    mReady = False
    On Error Resume Next
    problem = PythonProblem()
    If Err.Number <> 0 Then problem = "Python could not be looked for (" & Err.Description & "). Try again, or run 'sop-addin doctor'."
    On Error GoTo 0
    If problem = "" Then
        MsgBox "Python is ready: " & Interpreter() & ", xlwings " & XLWINGS_VERSION & ".", vbInformation, SOP_TITLE
    Else
        MsgBox problem, vbExclamation, SOP_TITLE
    End If
End Sub

Private Function ProblemOnMac() As String
    ' The sandbox lets us neither run nor see the interpreter; sop-addin install writes down where it is.
    If GetConfig("INTERPRETER_MAC") = "" Then ProblemOnMac = "Python is not set up for S&OP. To fix it, " & INSTALL_ALL
End Function

Private Function ProblemOnWindows() As String
    Dim python As String
    If GetConfig("CONDA PATH") <> "" And GetConfig("CONDA ENV") <> "" Then Exit Function ' xlwings itself reports these
    python = Interpreter()
    If InStr(python, "\") > 0 Then
        If Not FileExists(python) Then
            ProblemOnWindows = "The Python set up for S&OP is gone (" & python & "). To fix it, " & INSTALL_ALL
            Exit Function
        End If
    End If
    If GetConfig("PYTHONPATH") <> "" Then Exit Function ' packages may lie there, out of sight of the probe
    Select Case ProbeExitCode(python)
        Case EXIT_READY
        Case EXIT_OLD_PYTHON
            ProblemOnWindows = "Python is too old for S&OP (" & python & "). To fix it, " & INSTALL_ALL
        Case EXIT_NO_SOP_ADDIN
            ProblemOnWindows = "Python is there, sop-addin is not (" & python & "). To fix it, run '" & python & _
                " -m pip install sop-addin' in a terminal and press the button again."
        Case EXIT_OTHER_XLWINGS
            ProblemOnWindows = "This workbook needs xlwings " & XLWINGS_VERSION & ". To fix it, run '" & python & _
                " -m pip install xlwings==" & XLWINGS_VERSION & "' in a terminal and press the button again."
        Case Else
            ProblemOnWindows = "Python was not found (" & python & "). To fix it, " & INSTALL_ALL
    End Select
End Function

Private Function Interpreter() As String
    ' As RunPython of xlwings chooses it.
    #If Mac Then
        Interpreter = GetConfig("INTERPRETER_MAC")
    #Else
        Interpreter = GetConfig("INTERPRETER_WIN")
    #End If
    If Interpreter = "" Then Interpreter = GetConfig("INTERPRETER", "python")
End Function

Private Function ProbeExitCode(ByVal python As String) As Long
    ' Looks without importing, so it takes a moment only; -P keeps the current folder out and needs Python 3.11.
    Dim code As String
    code = "import sys, importlib.util as u, importlib.metadata as m; " & _
        "sys.exit(3 if u.find_spec('sop_addin') is None else " & _
        "4 if u.find_spec('xlwings') is None or m.version('xlwings') != '" & XLWINGS_VERSION & "' else 0)"
    On Error Resume Next
    ProbeExitCode = EXIT_NO_PYTHON
    ProbeExitCode = WScript.Run("""" & python & """ -P -B -c """ & code & """", HIDDEN_WINDOW, True)
End Function
