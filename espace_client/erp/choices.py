"""The words of the ERP and what the portal calls the same."""

from accounts.document_types import DocumentType
from accounts.models import Civility
from accounts.roles import Role
from catalogue.models import CourseKind, CourseMode, LineKind, LineScope, SessionState
from enrolments.models import EnrolmentState, OrderChannel, OrderState

CIVILITIES = {"M.": Civility.M, "Mme": Civility.MME, "M": Civility.M}
ROLES = {"administrateur": Role.ADMINISTRATOR, "standard": Role.STANDARD}
DOCUMENT_TYPES = {document_type.value: document_type for document_type in DocumentType}
COURSE_MODES = {
    "presentiel": CourseMode.ON_SITE,
    "distanciel": CourseMode.REMOTE,
    "mixte": CourseMode.BLENDED,
    "elearning": CourseMode.ELEARNING,
}
COURSE_KINDS = {"inter": CourseKind.INTER, "intra": CourseKind.INTRA, "sur_mesure": CourseKind.BESPOKE}
SESSION_STATES = {
    "ouverte": SessionState.OPEN,
    "confirmee": SessionState.CONFIRMED,
    "garantie": SessionState.GUARANTEED,
    "complete": SessionState.FULL,
    "annulee": SessionState.CANCELLED,
    "realisee": SessionState.DONE,
}
LINE_SCOPES = {
    "formation": LineScope.COURSE,
    "sous_domaine": LineScope.SUBDOMAIN,
    "domaine": LineScope.DOMAIN,
    "tout": LineScope.EVERYTHING,
}
LINE_KINDS = {"prix": LineKind.PRICE, "remise": LineKind.DISCOUNT}
ORDER_STATES = {
    "en_attente": OrderState.PENDING,
    "validee": OrderState.VALIDATED,
    "refusee": OrderState.REFUSED,
    "annulee": OrderState.CANCELLED,
}
ORDER_CHANNELS = {"site": OrderChannel.SITE, "telephone": OrderChannel.PHONE, "mail": OrderChannel.MAIL}
ENROLMENT_STATES = {
    "en_attente": EnrolmentState.PENDING,
    "confirmee": EnrolmentState.CONFIRMED,
    "presente": EnrolmentState.PRESENT,
    "partielle": EnrolmentState.PARTIAL,
    "absente": EnrolmentState.ABSENT,
    "annulee": EnrolmentState.CANCELLED,
}
