"""How much of everything one may have; each is a setting."""

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Numbers of characters (Unicode code points) and of things; bytes where it says so.

    `subtask_depth`: levels below a task at the top. `subtasks`: of one task, on all levels, where
    a decision looks at all of them; `subtasks_at_once`: where a change takes all of them along.
    """

    title: int = 500
    description: int = 100_000
    description_bytes: int = 200 * 1024
    comment: int = 20_000
    name: int = 200
    tags: int = 50
    tag: int = 50
    labels: int = 2_000
    watchers: int = 500
    favourites: int = 500
    assignees: int = 50
    dependencies: int = 100
    mentions: int = 50
    types: int = 50
    reactions: int = 50
    fields: int = 100
    field_text: int = 10_000
    fields_bytes: int = 32 * 1024
    field_options: int = 200
    columns: int = 250
    lanes: int = 100
    cards_of_board: int = 10_000
    statuses: int = 100
    transitions: int = 1_000
    teams: int = 200
    invitations: int = 200
    invitation_days: int = 14
    reopen_days: int = 30
    trash_days: int = 3_650
    team_members: int = 500
    api_keys: int = 50
    identities: int = 20
    service_accounts: int = 100
    custody: int = 1_000
    moved_by_workflow: int = 1_000
    subtask_depth: int = 50
    subtasks: int = 10_000
    subtasks_at_once: int = 1_000
    template_tasks: int = 500
    query: int = 4_000
    filters: int = 10_000
