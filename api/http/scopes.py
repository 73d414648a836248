"""What an API key must be for, route by route. A route that does not stand here refuses keys."""

from typing import Final

from domain.user.keys import (
    ADMIN,
    AUDIT_READ,
    PROJECTS_READ,
    PROJECTS_WRITE,
    TASKS_READ,
    TASKS_WRITE,
)

# The route looks at nothing by itself: each call inside of it is asked for its own scope.
ANY: Final = "any"

_ROUTES: Final = {
    ANY: """
        POST /batch
    """,
    TASKS_READ: """
        GET /jobs/{job_id}
        GET /jobs/{job_id}/results
        GET /search
        GET /tasks
        GET /tasks/search
        GET /tasks/{task_id}
        GET /tasks/{task_id}/activity
        GET /tasks/{task_id}/comments
        GET /tasks/{task_id}/dependencies
        GET /tasks/{task_id}/dependencies/tree
        GET /tasks/{task_id}/history
        GET /tasks/{task_id}/recurrence
        GET /tasks/{task_id}/subtasks
        GET /tasks/{task_id}/transitions
        GET /tasks/{task_id}/watchers
        GET /users/me/favourites
        GET /users/me/notification-preferences
        GET /notifications
        GET /user/tasks
        GET /views
        GET /views/{view_id}
        GET /views/{view_id}/tasks
        GET /events
        GET /comments/{comment_id}
        GET /comments/{comment_id}/history
        GET /projects/{project_id}/activity
        GET /projects/{project_id}/board
        GET /projects/{project_id}/board/columns/{column_id}
        GET /projects/{project_id}/stats
        GET /projects/{project_id}/task-order
        GET /users/{user}/activity
        GET /workspaces/{workspace_id}/activity
    """,
    TASKS_WRITE: """
        POST /jobs/{job_id}/cancel
        POST /jobs/{job_id}/undo
        POST /tasks
        POST /tasks/bulk
        PATCH /tasks/{task_id}
        PUT /tasks/{task_id}
        DELETE /tasks/{task_id}
        POST /tasks/{task_id}/comments
        POST /tasks/{task_id}/dependencies
        DELETE /tasks/{task_id}/dependencies/{dependency_id}
        POST /tasks/{task_id}/duplicate
        POST /tasks/{task_id}/move
        PUT /tasks/{task_id}/parent
        PUT /tasks/{task_id}/favourite
        DELETE /tasks/{task_id}/favourite
        PUT /tasks/{task_id}/mute
        DELETE /tasks/{task_id}/mute
        PUT /tasks/{task_id}/recurrence
        DELETE /tasks/{task_id}/recurrence
        POST /tasks/{task_id}/purge
        POST /tasks/{task_id}/restore
        POST /tasks/{task_id}/undo
        PUT /tasks/{task_id}/watch
        POST /notifications/{notification_id}/read
        POST /notifications/read-all
        PUT /notifications/{notification_id}/snooze
        DELETE /notifications/{notification_id}/snooze
        DELETE /tasks/{task_id}/watch
        PATCH /comments/{comment_id}
        DELETE /comments/{comment_id}
        PUT /comments/{comment_id}/reactions/{emoji}
        DELETE /comments/{comment_id}/reactions/{emoji}
        POST /comments/{comment_id}/restore
        POST /views
        PATCH /views/{view_id}
        DELETE /views/{view_id}
        POST /views/{view_id}/restore
        POST /views/{view_id}/undo
    """,
    PROJECTS_READ: """
        GET /templates
        GET /templates/{template_id}
        GET /projects
        GET /projects/{project_id}
        GET /projects/{project_id}/columns
        GET /projects/{project_id}/fields
        GET /projects/{project_id}/members
        GET /projects/{project_id}/retention
        GET /projects/{project_id}/types
        GET /projects/{project_id}/workflow
        GET /users/me
        GET /users/{user_id}
        GET /workspaces
        GET /workspaces/{workspace_id}
        GET /workspaces/{workspace_id}/labels
        GET /workspaces/{workspace_id}/labels/{label_id}
        GET /workspaces/{workspace_id}/members
        GET /workspaces/{workspace_id}/teams
        GET /workspaces/{workspace_id}/teams/{team_id}
    """,
    PROJECTS_WRITE: """
        POST /templates
        PATCH /templates/{template_id}
        DELETE /templates/{template_id}
        POST /templates/{template_id}/restore
        POST /templates/{template_id}/use
        POST /projects
        PATCH /projects/{project_id}
        DELETE /projects/{project_id}
        PUT /projects/{project_id}/columns
        PUT /projects/{project_id}/favourite
        DELETE /projects/{project_id}/favourite
        PUT /projects/{project_id}/fields
        POST /projects/{project_id}/members
        PATCH /projects/{project_id}/members/{member_id}
        DELETE /projects/{project_id}/members/{member_id}
        POST /projects/{project_id}/restore
        POST /projects/{project_id}/undo
        POST /workspaces/{workspace_id}/labels
        PATCH /workspaces/{workspace_id}/labels/{label_id}
        DELETE /workspaces/{workspace_id}/labels/{label_id}
        POST /workspaces/{workspace_id}/labels/{label_id}/merge
        POST /workspaces/{workspace_id}/labels/{label_id}/restore
        PUT /projects/{project_id}/retention
        PUT /projects/{project_id}/types
        PUT /projects/{project_id}/workflow
    """,
    AUDIT_READ: """
        GET /audit/checkpoint
        GET /audit/events
        POST /audit/exports
        GET /audit/exports/{export_id}
        GET /audit/exports/{export_id}/file
        GET /audit/proof/consistency
        GET /audit/proof/inclusion
        GET /audit/reviews
    """,
    ADMIN: """
        PATCH /workspaces/{workspace_id}
        POST /workspaces/{workspace_id}/undo
        POST /workspaces/{workspace_id}/members
        PATCH /workspaces/{workspace_id}/members/{user_id}
        DELETE /workspaces/{workspace_id}/members/{user_id}
        POST /workspaces/{workspace_id}/members/{user_id}/handover
        POST /workspaces/{workspace_id}/members/{user_id}/reactivate
        POST /workspaces/{workspace_id}/members/{user_id}/suspend
        GET /workspaces/{workspace_id}/invitations
        DELETE /workspaces/{workspace_id}/invitations/{invitation_id}
        POST /workspaces/{workspace_id}/invitations/{invitation_id}/resend
        POST /workspaces/{workspace_id}/teams
        PATCH /workspaces/{workspace_id}/teams/{team_id}
        DELETE /workspaces/{workspace_id}/teams/{team_id}
        PUT /workspaces/{workspace_id}/teams/{team_id}/members/{user_id}
        DELETE /workspaces/{workspace_id}/teams/{team_id}/members/{user_id}
        GET /erasures
        GET /erasures/{erasure_id}
        GET /holds
        GET /holds/{hold_id}
        PUT /holds/{hold_id}
        DELETE /holds/{hold_id}
        POST /holds/{hold_id}/approval
    """,
}

# Keys, passwords, sessions and accounts are for who logs in alone, and a key makes no workspace.
WITHOUT_KEYS: Final = frozenset(
    line.strip()
    for line in """
    POST /workspaces
    POST /users/{user}/erasure
    DELETE /erasures/{erasure_id}
    POST /erasures/{erasure_id}/approval
    DELETE /workspaces/{workspace_id}
    POST /workspaces/{workspace_id}/reopen
    PATCH /users/me
    GET /users/me/export
    PUT /users/me/notification-preferences
    POST /auth/invitations/accept
    POST /auth/logout
    POST /auth/logout-all
    POST /auth/email
    POST /auth/password
    GET /auth/sessions
    DELETE /auth/sessions/{session_id}
    GET /auth/totp
    POST /auth/totp
    POST /auth/totp/confirm
    POST /auth/totp/recovery-codes
    DELETE /auth/totp
    GET /auth/identities
    POST /auth/identities
    DELETE /auth/identities/{identity_id}
    POST /audit/reviews
    PUT /audit/reviews/schedule
    POST /api-keys
    GET /api-keys
    DELETE /api-keys/{key_id}
    POST /workspaces/{workspace_id}/service-accounts
    GET /workspaces/{workspace_id}/service-accounts
    POST /workspaces/{workspace_id}/service-accounts/{user_id}/keys
    GET /workspaces/{workspace_id}/service-accounts/{user_id}/keys
    DELETE /workspaces/{workspace_id}/service-accounts/{user_id}/keys/{key_id}
    """.strip().splitlines()
)

SCOPE_OF: Final = {
    line.strip(): scope for scope, lines in _ROUTES.items() for line in lines.strip().splitlines()
}


def scope_of(method: str, path: str) -> str | None:
    """What a key must be for to call this; None: no key may."""
    return SCOPE_OF.get(f"{method} {path.removeprefix('/api/v1')}")
