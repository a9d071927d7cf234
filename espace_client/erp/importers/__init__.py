"""One class per file, in the order in which they are read: what a line refers to comes before it."""

from espace_client.erp.importer import Importer

from .accesses import Accesses
from .accords import AccordLines, Accords
from .catalogue import Courses, Domains, Sessions
from .companies import Companies, Establishments
from .documents import Documents
from .enrolments import Enrolments
from .orders import Orders
from .people import People

IMPORTERS: tuple[type[Importer], ...] = (
    Companies,
    Establishments,
    People,
    Accesses,
    Domains,
    Courses,
    Sessions,
    Accords,
    AccordLines,
    Orders,
    Enrolments,
    Documents,
)
