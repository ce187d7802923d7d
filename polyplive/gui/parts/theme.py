"""Colours and the style sheet: dark and neutral grey, for a dim room and true colours of tissue."""

from __future__ import annotations

from PyQt6.QtGui import QColor, QPalette

BACKGROUND = "#0f1113"
PANEL = "#181b1f"
RAISED = "#262b31"
HOVER = "#323941"
BORDER = "#2b3138"
TEXT = "#eceff2"
QUIET = "#9aa5b1"
ACCENT = "#3fc9e0"
ALERT = "#ff6b6b"
WARNING = "#ffba3c"

STYLE = f"""
* {{ font-size: 13px; }}
QMainWindow, QDialog {{ background: {BACKGROUND}; }}
QWidget {{ color: {TEXT}; }}
QToolTip {{ background: {RAISED}; color: {TEXT}; border: 1px solid {BORDER}; padding: 4px 6px; }}
#panel, #panel QScrollArea, #panel QWidget#rows {{ background: {PANEL}; border: none; }}
#panel {{ border-left: 1px solid {BORDER}; }}
QDialog QScrollArea, QDialog QWidget#rows {{ background: {BACKGROUND}; }}
#transport {{ background: {PANEL}; border-top: 1px solid {BORDER}; }}
#strip {{ background: {BACKGROUND}; border-top: 1px solid {BORDER}; }}
#late {{ background: {RAISED}; border-top: 2px solid {WARNING}; }}
#late QPushButton {{ background: {WARNING}; color: {BACKGROUND}; font-weight: 600; }}
#late QPushButton:hover {{ background: #ffd07a; }}
#late QPushButton:focus {{ border-color: {TEXT}; }}
QToolButton#notices {{ padding: 0 7px; min-height: 16px; color: {WARNING}; font-weight: 600; font-size: 12px; }}
QPlainTextEdit#events {{
    background: {PANEL}; border: 1px solid {BORDER}; border-radius: 4px; selection-background-color: {HOVER};
}}
QLabel[role="heading"] {{ color: {QUIET}; font-size: 11px; font-weight: 600; letter-spacing: 1px; }}
QLabel[role="quiet"] {{ color: {QUIET}; font-size: 12px; }}
QLabel[role="state"] {{ font-weight: 600; }}
QLabel[role="recording"] {{ color: {ALERT}; font-weight: 700; }}
QLabel[role="problem"] {{ color: {ALERT}; font-weight: 600; }}
QLabel[role="mark"] {{ font-weight: 600; }}
#recording {{ background: {BACKGROUND}; border-top: 1px solid {BORDER}; }}
QLabel[role="notice"] {{ color: {QUIET}; font-size: 12px; font-weight: 600; }}
QLabel[role="what"] {{ font-size: 15px; }}
QLabel[role="title"] {{ font-size: 17px; font-weight: 600; }}
QLabel[role="key"] {{
    background: {RAISED}; border: 1px solid {BORDER}; border-radius: 4px; padding: 2px 7px; font-weight: 600;
}}
QToolButton, QPushButton, QComboBox {{
    background: {RAISED}; border: 1px solid transparent; border-radius: 6px; padding: 5px 10px; min-height: 20px;
}}
QToolButton {{ padding: 6px; }}
QToolButton[role="small"] {{ padding: 0 6px; min-height: 16px; font-size: 12px; }}
QToolButton:hover, QPushButton:hover, QComboBox:hover {{ background: {HOVER}; }}
QToolButton:pressed, QPushButton:pressed {{ background: {BORDER}; }}
QToolButton:focus, QPushButton:focus, QComboBox:focus {{ border-color: {ACCENT}; }}
QToolButton:checked {{ background: {ACCENT}; }}
QToolButton[role="filter"] {{
    padding: 0 8px; min-height: 20px; font-size: 12px; color: {QUIET}; background: transparent; border-color: {BORDER};
}}
QToolButton[role="filter"]:checked {{ background: {HOVER}; color: {TEXT}; border-color: transparent; }}
QToolButton[role="filter"]:focus {{ border-color: {ACCENT}; }}
QPushButton:checked {{ background: {ACCENT}; color: {BACKGROUND}; }}
QPushButton[role="reject"]:checked {{ background: {QUIET}; }}
QListView#findings {{ background: {PANEL}; border: none; padding: 0; outline: none; }}
QListView#findings:focus {{ border: 1px solid {ACCENT}; border-radius: 4px; }}
QToolButton#record:checked {{ background: {HOVER}; border-color: {ALERT}; }}
QMainWindow::separator {{ width: 0; height: 0; }}
QToolButton#play {{ background: {ACCENT}; border-radius: 18px; padding: 8px; }}
QToolButton#play:hover {{ background: #66d8ea; }}
QToolButton#play:focus {{ border-color: {TEXT}; }}
QToolButton#choice {{ border-radius: 10px; padding: 14px 12px; font-size: 14px; font-weight: 600; }}
QPushButton#recent {{ background: transparent; text-align: left; padding: 4px 10px; }}
QPushButton#recent:hover {{ background: {RAISED}; }}
QPushButton:disabled {{ color: {QUIET}; }}
QListWidget, QLineEdit {{ background: {PANEL}; border: 1px solid {BORDER}; border-radius: 6px; padding: 6px; }}
QListWidget:focus, QLineEdit:focus {{ border-color: {ACCENT}; }}
QListWidget::item {{ padding: 7px 6px; }}
QListWidget::item:selected {{ background: {HOVER}; color: {TEXT}; }}
QMenuBar {{ background: {BACKGROUND}; }}
QMenuBar::item {{ padding: 4px 10px; background: transparent; }}
QMenuBar::item:selected {{ background: {HOVER}; border-radius: 4px; }}
QMenu {{ background: {RAISED}; border: 1px solid {BORDER}; padding: 4px; }}
QMenu::item {{ padding: 5px 26px 5px 20px; border-radius: 4px; }}
QMenu::item:selected {{ background: {HOVER}; }}
QMenu::item:disabled {{ color: #66717d; background: transparent; }}
QMenu::separator {{ height: 1px; background: {BORDER}; margin: 4px 8px; }}
QComboBox {{ padding-right: 6px; }}
QComboBox::drop-down {{ border: none; width: 16px; }}
QComboBox QAbstractItemView {{
    background: {RAISED}; border: 1px solid {BORDER}; selection-background-color: {HOVER}; outline: none; padding: 3px;
}}
QSlider {{ min-height: 22px; }}
QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {HOVER}; }}
QSlider::sub-page:horizontal {{ background: {ACCENT}; border-radius: 2px; }}
QSlider::sub-page:horizontal:disabled {{ background: {HOVER}; }}
QSlider::handle:horizontal {{ width: 14px; height: 14px; margin: -5px 0; border-radius: 7px; background: {TEXT}; }}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus {{ background: {ACCENT}; }}
QSlider::handle:horizontal:disabled {{ background: {HOVER}; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar::handle:vertical {{ background: {HOVER}; border-radius: 4px; min-height: 30px; }}
QScrollBar:horizontal {{ background: transparent; height: 8px; margin: 0; }}
QScrollBar::handle:horizontal {{ background: {HOVER}; border-radius: 4px; min-width: 30px; }}
QScrollBar::add-line:horizontal, QScrollBar::sub-line:horizontal {{ width: 0; }}
QScrollBar::add-page:horizontal, QScrollBar::sub-page:horizontal {{ background: none; }}
QScrollBar::add-line:vertical, QScrollBar::sub-line:vertical {{ height: 0; }}
QScrollBar::add-page:vertical, QScrollBar::sub-page:vertical {{ background: none; }}
"""


def palette() -> QPalette:
    """The colours of widgets that the style sheet does not cover."""
    colours = QPalette()
    roles = QPalette.ColorRole
    for role, colour in (
        (roles.Window, BACKGROUND),
        (roles.Base, PANEL),
        (roles.Button, RAISED),
        (roles.WindowText, TEXT),
        (roles.Text, TEXT),
        (roles.ButtonText, TEXT),
        (roles.Highlight, ACCENT),
        (roles.HighlightedText, BACKGROUND),
    ):
        colours.setColor(role, QColor(colour))
    return colours
