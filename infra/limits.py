"""How much of everything one may have: the settings of it, by the names that the domain has."""

from domain.values.limits import Limits
from infra.settings import Settings


def limits_of(settings: Settings) -> Limits:
    """How much of everything one may have."""
    return Limits(
        title=settings.max_title_characters,
        description=settings.max_description_characters,
        description_bytes=settings.max_description_bytes,
        comment=settings.max_comment_characters,
        name=settings.max_name_characters,
        tags=settings.max_tags,
        labels=settings.max_labels,
        reactions=settings.max_reactions,
        watchers=settings.max_watchers,
        favourites=settings.max_favourites,
        assignees=settings.max_assignees,
        types=settings.max_task_types,
        dependencies=settings.max_dependencies,
        fields=settings.max_fields,
        columns=settings.max_columns,
        lanes=settings.max_lanes,
        cards_of_board=settings.max_cards_of_board,
        statuses=settings.max_statuses,
        transitions=settings.max_transitions,
        moved_by_workflow=settings.max_tasks_moved_by_workflow,
        teams=settings.max_teams,
        invitations=settings.max_invitations,
        invitation_days=settings.invitation_days,
        reopen_days=settings.workspace_reopen_days,
        trash_days=settings.max_trash_days,
        team_members=settings.max_team_members,
        subtask_depth=settings.max_subtask_depth,
        subtasks=settings.max_subtasks,
        subtasks_at_once=settings.max_subtasks_at_once,
        template_tasks=settings.max_template_tasks,
        query=settings.max_query_characters,
        api_keys=settings.max_api_keys,
        identities=settings.max_identities,
        service_accounts=settings.max_service_accounts,
        custody=settings.max_custody,
    )
