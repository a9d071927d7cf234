"""What: domains, courses, sessions, and the accords-cadres that give a company its prices."""

from .accord import AccordCadre, AccordCoverage, AccordLine, LineKind, LineScope
from .course import Course, CourseKind, CourseMode, Domain, HalfDay, Session, SessionState

__all__ = [
    "AccordCadre",
    "AccordCoverage",
    "AccordLine",
    "Course",
    "CourseKind",
    "CourseMode",
    "Domain",
    "HalfDay",
    "LineKind",
    "LineScope",
    "Session",
    "SessionState",
]
