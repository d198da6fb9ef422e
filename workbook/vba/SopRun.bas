Attribute VB_Name = "SopRun"
Option Explicit
Option Private Module

' The one way from a button to Python.

Public Const SOP_TITLE As String = "S&OP"

' Excel keeps the clicks made while a step runs and delivers them when it ends: those are not meant.
Private Const REST_SECONDS As Double = 1.5
Private Const SECONDS_PER_DAY As Double = 86400

Private Type ExcelState
    Known As Boolean
    Calculation As Long
    EnableEvents As Boolean
    ScreenUpdating As Boolean
    Cursor As Long
    Folder As String
End Type

Private mRunning As Boolean
Private mEnded As Date
Private mRibbon As IRibbonUI

Public Sub RunStepOnFile(ByVal title As String, ByVal macro As String)
    ' A step that reads a file which the planner chooses first. Cancel is no message.
    Dim file As Variant
    #If Mac Then
        file = Application.GetOpenFilename(title:=title)
    #Else
        file = Application.GetOpenFilename("Tables (*.csv;*.txt;*.xls*;*.ods),*.csv;*.txt;*.xls*;*.ods,All files (*.*),*.*", 1, title)
    #End If
    If VarType(file) = vbString Then RunStep title, macro, PythonTexts(CStr(file))
End Sub

Private Function Hexadecimal(ByVal text As String) As String
    ' Four digits a character: no letter of a path is lost or understood as code on its way to Python.
    Dim position As Long
    For position = 1 To Len(text)
        Hexadecimal = Hexadecimal & Right$("000" & Hex$(AscW(Mid$(text, position, 1)) And &HFFFF&), 4)
    Next position
End Function

Public Sub RunStep(ByVal title As String, ByVal macro As String, Optional ByVal texts As String = "")
    ' texts: further arguments, as PythonTexts spells them. Runs sop_addin.macros.<macro> (through sop_addin.button, which says so when it cannot be loaded). Excel's state is put back whatever happens; a failure is one message.
    Dim before As ExcelState
    Dim problem As String

    If mRunning Or (Now - mEnded) * SECONDS_PER_DAY < REST_SECONDS Then Exit Sub
    mRunning = True
    On Error GoTo Failed
    ReadState before
    ShowBusy title
    problem = PythonProblem()
    If problem = "" Then
        UseSafeFolder
        RunPython "from sop_addin.button import press; press('" & macro & "'" & texts & ")"
    End If
Finish:
    On Error Resume Next
    RestoreState before, title
    mEnded = Now
    mRunning = False
    RefreshRibbon
    If problem <> "" Then MsgBox problem, vbExclamation, SOP_TITLE
    Exit Sub
Failed:
    problem = title & " stopped (" & Err.Description & "). Press Set-up on the S&OP tab to see whether Python is ready."
    Resume Finish
End Sub

Public Function CanRunStep() As Boolean
    CanRunStep = Not mRunning And HasPlanSheets()
End Function

Public Function CanUndo() As Boolean
    ' The first cell of the sheet Undo names the run that can be undone. On a Mac steps run on after the ribbon was
    ' refreshed, so the button stays lit there and the step itself says when there is nothing to undo.
    #If Mac Then
        CanUndo = True
    #Else
        On Error Resume Next
        CanUndo = (CStr(ThisWorkbook.Worksheets("Undo").Range("A1").Value) <> "")
    #End If
End Function

Public Function CanPressStop() As Boolean
    ' On Windows Excel waits for Python and no button can be pressed: Esc stops there. On a Mac Python runs beside Excel.
    #If Mac Then
        CanPressStop = True
    #End If
End Function

Public Function PythonTexts(ParamArray texts() As Variant) As String
    ' Each text as one more argument for Python.
    Dim entry As Variant
    For Each entry In texts
        PythonTexts = PythonTexts & ", '" & Hexadecimal(CStr(entry)) & "'"
    Next entry
End Function

Public Sub KeepRibbon(ByVal ribbon As IRibbonUI)
    Set mRibbon = ribbon
End Sub

Public Sub RefreshRibbon()
    ' After VBA was reset the ribbon is not known any more: its buttons still work, they only keep their last look.
    If Not mRibbon Is Nothing Then mRibbon.Invalidate
End Sub

Private Function HasPlanSheets() As Boolean
    ' Settings tells a planning workbook from a book that only kept the macros.
    Dim settings As Worksheet
    On Error Resume Next
    Set settings = ThisWorkbook.Worksheets("Settings")
    HasPlanSheets = Not settings Is Nothing
End Function

Private Sub ReadState(ByRef state As ExcelState)
    state.Calculation = Application.Calculation
    state.EnableEvents = Application.EnableEvents
    state.ScreenUpdating = Application.ScreenUpdating
    state.Cursor = Application.Cursor
    state.Folder = CurDir
    state.Known = True
End Sub

Private Sub ShowBusy(ByVal title As String)
    ' Esc is for Python, which watches it between items; here it would only turn a finished step into an error.
    Application.EnableCancelKey = xlDisabled
    Application.Cursor = xlWait
    Application.StatusBar = BusyText(title)
    RefreshRibbon
End Sub

Private Sub RestoreState(ByRef before As ExcelState, ByVal title As String)
    ' Each line on its own: one that Excel refuses must not keep the others from being put back.
    On Error Resume Next
    If before.Known Then
        Application.Calculation = before.Calculation
        Application.EnableEvents = before.EnableEvents
        Application.ScreenUpdating = before.ScreenUpdating
        Application.Cursor = before.Cursor
        ChangeFolder before.Folder
    End If
    ' What Python left in the status bar is its result and stays.
    If CStr(Application.StatusBar) = BusyText(title) Then Application.StatusBar = False
End Sub

Private Function BusyText(ByVal title As String) As String
    BusyText = SOP_TITLE & ": " & title & " ..."
End Function

Private Sub UseSafeFolder()
    ' cmd.exe and Python look for programs and modules in the current folder first, and after a double click in
    ' Explorer that is the folder of the workbook: whatever was mailed along with it would be run.
    #If Not Mac Then
        ChangeFolder Application.Path
    #End If
End Sub

Private Sub ChangeFolder(ByVal folder As String)
    #If Not Mac Then
        If Mid$(folder, 2, 1) = ":" Then ChDrive folder
        ChDir folder
    #End If
End Sub
