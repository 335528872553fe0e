"""Who may do what: sign-in for people, tokens for programs, and the check before everything.

roles        the roles, and who a user is       permissions   what each call and event takes
present      who asks just now
"""

from __future__ import annotations

from webapp.auth.present import current_user, require, signed_in
from webapp.auth.roles import Role, User

__all__ = ["Role", "User", "current_user", "require", "signed_in"]
