"""What: domains, courses, sessions, and the accords-cadres that give a company its prices."""

from .accord import AccordCadre, AccordCoverage, AccordLine, LineKind, LineScope
from .course import ON_SALE, Course, CourseKind, CourseMode, Domain, HalfDay, Session, SessionState
from .index import CatalogueWord, CourseIndex

__all__ = [
    "ON_SALE",
    "AccordCadre",
    "AccordCoverage",
    "AccordLine",
    "CatalogueWord",
    "Course",
    "CourseIndex",
    "CourseKind",
    "CourseMode",
    "Domain",
    "HalfDay",
    "LineKind",
    "LineScope",
    "Session",
    "SessionState",
]
