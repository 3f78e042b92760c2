"""What an affiliate answers to a review: a text and a few files, none of which is ever written to a disk on its way."""

from io import BytesIO
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.utils.translation import gettext as _, gettext_lazy

from fraud.actions.answers import MOST_BYTES, MOST_FILES, MOST_LETTERS, FileIn

MEGABYTE = 1024 * 1024
READ = 4 * MOST_FILES * MOST_BYTES  # bytes of a body; a larger one is refused before it is read
ACCEPTED = ".pdf,.png,.jpg,.jpeg,.webp,.txt"


def too_large() -> str:
    """What is said of too much at once."""
    values = {"count": MOST_FILES, "size": MOST_BYTES // MEGABYTE}
    return _("That was too much at once. Up to %(count)s files of %(size)s MB each can be sent.") % values


class Bounded(FileUploadHandler):
    """Keeps what an answer may have in memory, and of the rest only how large it was, so that the text is kept."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.count = 0

    def new_file(self, *args: Any, **values: Any) -> None:
        """Begin with the next file."""
        super().new_file(*args, **values)
        self.count += 1
        self.kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece of it while that is of use."""
        if self.count <= MOST_FILES and start < MOST_BYTES:
            self.kept.write(raw_data)

    def file_complete(self, file_size: int) -> "UploadedFile[bytes]":
        """Return the file with the size that it had."""
        self.kept.seek(0)
        return InMemoryUploadedFile(
            file=self.kept,
            field_name=self.field_name,
            name=self.file_name,
            content_type=self.content_type,
            size=file_size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )


class FilesInput(forms.FileInput):
    """Several files at a time."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; their value is a list."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[bytes]]":
        """Look at the number, and at each file's size."""
        files = [data] if isinstance(data, UploadedFile) else list(data or [])
        if len(files) > MOST_FILES:
            raise ValidationError(_("At most %(count)s files can be sent.") % {"count": MOST_FILES})
        return [self._one(file) for file in files]

    def _one(self, file: "UploadedFile[bytes]") -> "UploadedFile[bytes]":
        values = {"name": file.name, "size": MOST_BYTES // MEGABYTE}
        if not file.size:
            raise ValidationError(_("“%(name)s” is empty.") % values)
        if file.size > MOST_BYTES:
            raise ValidationError(_("“%(name)s” is larger than %(size)s MB.") % values)
        return file


class AnswerForm(forms.Form):
    """What an affiliate has to say to a review."""

    text = forms.CharField(
        label=gettext_lazy("Your answer"),
        max_length=MOST_LETTERS,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=gettext_lazy("How do you promote the shop, and how might this have come about?"),
        error_messages={"required": gettext_lazy("Write a sentence or two.")},
    )
    attached = FilesField(
        label=gettext_lazy("Files"),
        required=False,
        widget=FilesInput(attrs={"accept": ACCEPTED}),
        help_text=gettext_lazy(
            "Up to three files of at most 5 MB each: PDF, pictures (PNG, JPEG, WebP) or plain text."
        ),
    )

    def files_in(self) -> list[FileIn]:
        """The files as the verb takes them."""
        return [
            FileIn(file.name or "", file.content_type or "", file.read())
            for file in self.cleaned_data["attached"]
        ]
