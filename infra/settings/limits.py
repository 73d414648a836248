"""Settings of how much of everything one may have."""

from pydantic import BaseModel, Field


class Limits(BaseModel):
    """How much of everything; beyond it a request is refused (413 for the body, else 422)"""

    max_body_bytes: int = Field(1024 * 1024, ge=1024, description="A request's body.")
    max_title_characters: int = Field(500, ge=1, description="A task's title.")
    max_description_characters: int = Field(100_000, ge=0, description="A description.")
    max_description_bytes: int = Field(
        200 * 1024, ge=0, le=240 * 1024, description="The same in UTF-8; an event holds it whole."
    )
    max_comment_characters: int = Field(
        20_000, ge=1, le=30_000, description="A comment; an edit holds it twice."
    )
    max_name_characters: int = Field(200, ge=1, description="A name of a project or a person.")
    max_tags: int = Field(50, ge=0, description="Tags on a task.")
    max_labels: int = Field(2000, ge=1, description="Labels of a workspace.")
    max_reactions: int = Field(50, ge=1, description="Different reactions to a comment.")
    max_watchers: int = Field(500, ge=1, description="Watchers of a task.")
    max_favourites: int = Field(500, ge=0, description="Favourites of a person in a workspace.")
    max_assignees: int = Field(50, ge=1, description="People assigned to a task.")
    max_task_types: int = Field(50, ge=1, description="Types of tasks in a project.")
    max_dependencies: int = Field(
        100, ge=1, le=1_000, description="Dependencies of a task, in either direction."
    )
    max_fields: int = Field(100, ge=0, description="Custom fields of a project.")
    max_columns: int = Field(250, ge=1, description="Board columns of a project.")
    max_lanes: int = Field(
        100, ge=1, le=1_000, description="Lanes that a board shows: those with the most cards."
    )
    max_cards_of_board: int = Field(
        10_000, ge=250, le=100_000, description="Cards in one answer that shows a whole board."
    )
    max_statuses: int = Field(100, ge=1, description="Statuses of a workflow.")
    max_transitions: int = Field(1000, ge=0, description="Transitions of a workflow.")
    max_invitations: int = Field(
        200, ge=0, description="Invitations of a workspace that wait at once."
    )
    max_teams: int = Field(200, ge=0, description="Teams of a workspace.")
    max_team_members: int = Field(500, ge=1, le=5_000, description="Members of a team.")
    max_bulk_tasks: int = Field(
        100_000, ge=1, le=1_000_000, description="Tasks that one bulk may change."
    )
    max_jobs_at_once: int = Field(5, ge=1, description="Bulks of one person that are not finished.")
    keep_jobs_days: int = Field(
        30, ge=1, le=3650, description="How long a finished bulk can be asked for and undone."
    )
    keep_exports_hours: int = Field(
        72, ge=1, le=8760, description="How long the file of an export can be fetched."
    )
    max_search_words: int = Field(
        30, ge=1, le=100, description="Words that one search may look for."
    )
    max_feed_wait_s: float = Field(
        60.0, ge=0, le=600, description="Seconds that a question to the feed of changes may wait."
    )
    max_feed_waiters: int = Field(
        10_000, ge=1, description="Questions that may wait for changes in one process."
    )
    max_batch_commands: int = Field(1000, ge=1, le=1000, description="Commands of a batch.")
    max_batch_bytes: int = Field(
        16 * 1024 * 1024, ge=1024, description="A batch's body; and about what its answers take."
    )
    max_subtask_depth: int = Field(50, ge=1, le=200, description="Levels of subtasks.")
    max_subtasks: int = Field(
        10_000,
        ge=1,
        le=100_000,
        description="Subtasks of a task, on all levels, that is moved or past a guard.",
    )
    max_subtasks_at_once: int = Field(
        1_000,
        ge=1,
        le=5_000,
        description="Subtasks of a task, on all levels, that is trashed or duplicated.",
    )
    max_trash_days: int = Field(
        3_650, ge=1, le=36_500, description="For how many days a project may keep its trash."
    )
    max_template_tasks: int = Field(
        500, ge=1, le=2_000, description="Tasks of a template, on all levels."
    )
    max_query_characters: int = Field(
        4_000, ge=100, le=10_000, description="A text in the query language."
    )
    max_query_conditions: int = Field(50, ge=1, le=200, description="Conditions of a query.")
    max_query_values: int = Field(
        200, ge=1, le=1_000, description="Values in all conditions of a query."
    )
    max_query_depth: int = Field(
        20, ge=1, le=50, description="Levels of parentheses and NOT in a query."
    )
    max_api_keys: int = Field(50, ge=0, description="API keys of one account.")
    max_identities: int = Field(
        20, ge=1, description="Identities at providers of single sign-on that one account has."
    )
    max_custody: int = Field(
        1000, ge=1, description="Open requests for erasure, and legal holds, of a workspace."
    )
    max_service_accounts: int = Field(100, ge=0, description="Service accounts of a workspace.")
    max_tasks_moved_by_workflow: int = Field(
        1000, ge=1, le=5_000, description="Tasks that one change of a workflow moves."
    )
    max_idempotency_key_characters: int = Field(
        255, ge=1, le=255, description="An Idempotency-Key."
    )
