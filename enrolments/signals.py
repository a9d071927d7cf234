"""What happens to orders, sessions and enrolments, told to the rooms that may not be imported from here.

Sent by the services of this app, inside their transaction: what a receiver writes or enqueues is kept with the change
or not at all, and one that raises undoes the change. Each has `sender`, the model, and the arguments below; `by_erp`
when a drop of the ERP said so: then what the ERP issues itself is left to it.
"""

from django.dispatch import Signal

order_placed = Signal()  # order; a receiver that has its quote made answers True: `order_mails.end_wait` then awaits it
order_approved = Signal()  # order: it now waits for the team
order_validated = Signal()  # order: seats held, prices frozen
order_refused = Signal()  # order
session_confirmed = Signal()  # session, by_erp: enough people, it will run
session_closed = Signal()  # session, by_erp: it took place and its attendance is known
attendance_corrected = (
    Signal()
)  # session, enrolments: ids of those of a closed session whose hours are not what they were
session_cancelled = Signal()  # session
session_moved = Signal()  # session: the company gave it other dates
enrolment_substituted = Signal()  # enrolment, previous: the participant before, or None
enrolment_cancelled = Signal()  # enrolment
enrolment_moved = Signal()  # enrolment, previous: the session before
