"""Bringing an exported folder to the Hub, by its own client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from siked.errors import MissingExtra, RunError, UsageError
from siked.text.terminal import one_line

Kind = Literal["model", "dataset"]
LOGIN = "type: hf auth login, or set HF_TOKEN"


class Hub:
    """A repository of the Hub, or of the server that HF_ENDPOINT names, ready to be pushed to.

    The token is the one that the Hub's client finds: HF_TOKEN, or that of ``hf auth login``. It stands in no
    message.
    """

    def __init__(self, repo: str, kind: Kind, *, public: bool = False) -> None:
        """Look at what can be seen without asking the Hub.

        Raises :class:`UsageError` where ``repo`` is no name of a repository, there is no token, or the
        client is told to stay offline.
        """
        try:
            import huggingface_hub as hub
            from huggingface_hub import constants
            from huggingface_hub.errors import HFValidationError
            from huggingface_hub.utils._validators import validate_repo_id
        except ImportError as error:
            raise MissingExtra("pushing to the Hub", "train") from error
        try:
            validate_repo_id(repo)
        except HFValidationError:
            raise UsageError(f"{repo!r} is no name of a repository; one is NAME or OWNER/NAME") from None
        if constants.HF_HUB_OFFLINE:
            raise UsageError("HF_HUB_OFFLINE is set: nothing can be pushed to the Hub")
        token = hub.get_token()
        if not token:
            raise UsageError(f"there is no token for the Hub; {LOGIN}")
        self._token = token
        self._api: Any = hub.HfApi(token=token, library_name="siked")
        self._repo = repo
        self._kind = kind
        self._public = public

    def push(self, folder: Path) -> str:
        """Upload the files of ``folder`` as one commit and return the address of the repository.

        A repository that is not there is made, private unless ``public``; one that is there keeps its
        visibility. Raises :class:`RunError` with the reason; ``folder`` is whole in any case.
        """
        made = self._asked(
            folder,
            lambda: self._api.create_repo(
                self._repo, repo_type=self._kind, private=not self._public, exist_ok=True
            ),
        )
        self._asked(
            folder,
            lambda: self._api.upload_folder(
                repo_id=made.repo_id,
                repo_type=self._kind,
                folder_path=str(folder),
                commit_message=f"{self._kind} exported by siked",
            ),
        )
        return str(made)

    def _asked(self, folder: Path, call: Callable[[], Any]) -> Any:
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

        try:
            return call()
        except HfHubHTTPError as error:
            why = self._refused(error)
        except OfflineModeIsEnabled:
            why = "the Hub's client is told to stay offline"
        except (OSError, RuntimeError) as error:
            why = f"{self._api.endpoint} cannot be reached: {self._safe(error)}"
        except Exception as error:
            if type(error).__module__.partition(".")[0] not in ("httpx", "httpx2", "requests"):
                raise
            why = f"{self._api.endpoint} cannot be reached: {self._safe(error)}"
        kind = "" if self._kind == "model" else f" --repo-type {self._kind}"
        raise RunError(
            f"not pushed: {why}. The folder {folder} is whole; push it later:"
            f" hf upload {self._repo} {folder}{kind}"
        )

    def _refused(self, error: Any) -> str:
        code = getattr(error.response, "status_code", None)
        if code == 401:
            return f"the Hub does not know the token (401); {LOGIN}"
        if code == 403:
            return f"the token may not write to {self._repo} (403); take one with the right to write there"
        if code == 404:
            return f"the Hub has no {self._repo} that this token may see (404)"
        said = getattr(error, "server_message", None) or error
        return f"the Hub answered {code}: {self._safe(said)}"

    def _safe(self, said: object) -> str:
        text = one_line(str(said).strip(), 300) or type(said).__name__
        return text.replace(self._token, "***")
