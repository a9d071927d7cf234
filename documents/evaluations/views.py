"""The participant's page, which a private link opens, and the client's page of results."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.requests import person
from documents.evaluations.forms import EvaluationForm
from documents.evaluations.questions import objectives_of
from documents.evaluations.results import FEWEST, results_for
from documents.evaluations.services import AlreadySubmittedError, found_by, keep_answers
from documents.models import Evaluation


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def evaluation_answer(request: HttpRequest, token: str) -> HttpResponse:
    """Answer, keep for later, submit. Whoever has the link is the participant; it opens nothing else."""
    evaluation = found_by(token)
    if evaluation is None:
        raise Http404
    response = _answer(request, evaluation)
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _answer(request: HttpRequest, evaluation: Evaluation) -> HttpResponse:
    context = {"evaluation": evaluation, "session": evaluation.enrolment.session}
    if evaluation.submitted_at is not None:
        return render(request, "evaluations/thanks.html", context)
    if evaluation.expires_at <= timezone.now():
        return render(request, "evaluations/expired.html", context, status=410)
    objectives = objectives_of(evaluation.enrolment.session.course)
    form = EvaluationForm(objectives, evaluation.answers, request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return render(request, "evaluations/form.html", {**context, "form": form})
    final = request.POST.get("action") == "submit"
    answers = form.answers()
    try:
        kept = keep_answers(evaluation=evaluation, answers=answers, final=final and form.is_valid())
    except AlreadySubmittedError:
        return redirect(request.path)
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204)
    if final and kept.submitted_at is None:
        return render(request, "evaluations/form.html", {**context, "form": form})
    if not final:
        messages.success(request, _("Vos réponses sont gardées : vous pourrez reprendre avec le même lien."))
    return redirect(request.path)


@require_safe
def evaluation_results(request: HttpRequest) -> HttpResponse:
    """What participants answered, summed; small groups are hidden."""
    courses = results_for(person(request))
    context = {
        "courses": courses,
        "shown": [course for course in courses if course.summary],
        "masked": [course for course in courses if not course.summary],
        "fewest": FEWEST,
    }
    return render(request, "evaluations/results.html", context)
