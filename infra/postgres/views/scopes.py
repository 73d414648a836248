"""What an asker may see, as a condition on rows: beside the database's own row policies."""

from projections.questions import Scope

from .reader import Parameters


def visible(scope: Scope, params: Parameters) -> str:
    """A condition on `t.workspace_id` and `t.project_id`, both of which the rows must have."""
    ways = []
    if scope.workspaces:
        ways.append(_whole(scope, params))
    if scope.projects:
        ways.append(f"t.project_id = ANY({params.add('text[]', scope.projects)})")
    return f"({' OR '.join(ways)})" if ways else "false"


def visible_entries(scope: Scope, params: Parameters, project: str = "t.project_id") -> str:
    """The same for rows that may belong to a workspace itself and to none of its projects;
    `project` is the SQL of the project whose viewers may see the row."""
    ways = []
    if scope.workspaces:
        whole = _workspace(scope, params)
        if scope.hidden:
            hidden = params.add("text[]", scope.hidden)
            whole = f"({whole} AND ({project} <> ALL({hidden})) IS NOT FALSE)"
        ways.append(whole)
    if scope.projects:
        ways.append(f"{project} = ANY({params.add('text[]', scope.projects)})")
    return f"({' OR '.join(ways)})" if ways else "false"


def _whole(scope: Scope, params: Parameters) -> str:
    """A task without a project is one that its view still waits for: nobody sees it."""
    conditions = [_workspace(scope, params), "t.project_id IS NOT NULL"]
    if scope.hidden:
        conditions.append(f"t.project_id <> ALL({params.add('text[]', scope.hidden)})")
    return f"({' AND '.join(conditions)})"


def _workspace(scope: Scope, params: Parameters) -> str:
    if len(scope.workspaces) == 1:
        return f"t.workspace_id = {params.add('text', scope.workspaces[0])}"
    return f"t.workspace_id = ANY({params.add('text[]', scope.workspaces)})"
