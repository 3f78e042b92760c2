"""Files that affiliates sent with an answer: to be kept by who decides, never shown by a browser."""

from io import BytesIO
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase

from fraud.models import AnswerFile

if TYPE_CHECKING:
    from fraud.admin.cases import CaseAdmin


def answer_file(page: "CaseAdmin", request: HttpRequest, number: int) -> HttpResponseBase:
    """Give a file of an answer as an attachment, of no kind that a browser would open by itself."""
    rows = AnswerFile.objects.filter(answer__case__in=page.get_queryset(request).order_by())
    file: AnswerFile | None = rows.select_related("answer__case__program").filter(pk=number).first()
    if file is None:
        raise Http404
    if not page.lets(request, "review_fraud", file.answer.case):
        raise PermissionDenied
    answer = FileResponse(
        BytesIO(bytes(file.content)),
        as_attachment=True,
        filename=file.name,
        content_type="application/octet-stream",
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
