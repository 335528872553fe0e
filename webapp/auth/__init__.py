"""Who may do what: sign-in for people, tokens for programs, and the check before everything.

Modules:

- roles, permissions: who a user is, and what each call and event takes
- gate, present: the check before everything; who asks just now
- door: who somebody is by what they show, a cookie, a token or nothing
- users, passwords, attempts: the file of users, argon2id, how often sign-in may be tried
- strangers, lobby, addresses: how many connections one address has that nobody is known on
- grants, cookies: sessions and tokens as digests; how the session cookie is made
- admissions: the sockets that were let in, and how they are put out
- signin: the pages; users, tokens and audit in a shell are in `webapp.cli.access`
- audit, roll: who did what; who was added to the file of users, changed there or removed
"""

from __future__ import annotations

from webapp.auth.present import current_user, require, signed_in
from webapp.auth.roles import Role, User

__all__ = ["Role", "User", "current_user", "require", "signed_in"]
