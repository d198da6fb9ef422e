"""Boxes over the document's window: a message, a question, a file to choose. Part of the bridge: `bridge.py`."""

import uno
from com.sun.star.awt.MessageBoxType import ERRORBOX, INFOBOX, QUERYBOX

BUTTONS = {"ok": 1, "ok_cancel": 2, "yes_no": 3, "yes_no_cancel": 4}  # com.sun.star.awt.MessageBoxButtons
PRESSED = {0: "cancel", 1: "ok", 2: "yes", 3: "no"}  # com.sun.star.awt.MessageBoxResults
OK_BUTTON, CANCEL_BUTTON = 1, 2  # com.sun.star.awt.PushButtonType


def window_of(model):
    return model.getCurrentController().getFrame().getContainerWindow()


def show_message(office, model, text, title, problem, buttons):
    """Shown until a button is pressed; which one."""
    kind = QUERYBOX if buttons != "ok" else ERRORBOX if problem else INFOBOX
    toolkit = office.service("com.sun.star.awt.Toolkit")
    box = toolkit.createMessageBox(window_of(model), kind, BUTTONS[buttons], title, text)
    pressed = box.execute()
    box.dispose()
    return PRESSED[pressed]


def ask_text(office, model, prompt, title, given):
    """A line to type; '' for Cancel. Sizes are in LibreOffice's units for dialogs: a letter is about four wide."""
    lines = 10 * (1 + len(prompt) // 48)
    boxes = office.service("com.sun.star.awt.UnoControlDialogModel")
    boxes.Title, boxes.Width, boxes.Height = title, 220, lines + 46
    for kind, name, x, y, width, height, more in (
        ("FixedText", "prompt", 6, 6, 208, lines, {"Label": prompt, "MultiLine": True}),
        ("Edit", "answer", 6, lines + 8, 208, 14, {"Text": given}),
        ("Button", "ok", 112, lines + 28, 50, 14, {"PushButtonType": OK_BUTTON, "DefaultButton": True}),
        ("Button", "cancel", 164, lines + 28, 50, 14, {"PushButtonType": CANCEL_BUTTON}),
    ):
        part = boxes.createInstance("com.sun.star.awt.UnoControl" + kind + "Model")
        place = {"PositionX": x, "PositionY": y, "Width": width, "Height": height}
        for key, value in {**place, **more}.items():
            if key == "PushButtonType":
                uno.invoke(part, "setPropertyValue", (key, uno.Any("short", value)))
            else:
                setattr(part, key, value)
        boxes.insertByName(name, part)
    dialog = office.service("com.sun.star.awt.UnoControlDialog")
    dialog.setModel(boxes)
    dialog.createPeer(office.service("com.sun.star.awt.Toolkit"), window_of(model))
    dialog.getControl("answer").setFocus()
    typed = dialog.getControl("answer").getText() if dialog.execute() else ""
    dialog.dispose()
    return typed.strip()


def choose_files(office, title, several):
    """System paths; none for Cancel."""
    picker = office.service("com.sun.star.ui.dialogs.FilePicker")
    picker.setTitle(title)
    picker.setMultiSelectionMode(several)
    chosen = picker.getSelectedFiles() if picker.execute() else ()
    return [uno.fileUrlToSystemPath(url) for url in chosen]
