-- One row a task, changed in place: what most products of this kind have.

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    username text NOT NULL UNIQUE,
    name text NOT NULL
);

CREATE TABLE projects (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE project_members (
    user_id uuid NOT NULL REFERENCES users,
    project_id uuid NOT NULL REFERENCES projects,
    PRIMARY KEY (user_id, project_id)
);

CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    title text NOT NULL,
    description text NOT NULL,
    status text NOT NULL,
    priority smallint NOT NULL,
    assignee_id uuid REFERENCES users,
    creator_id uuid NOT NULL REFERENCES users,
    tags text[] NOT NULL,
    due_date timestamptz,
    comment_count integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    version integer NOT NULL DEFAULT 1
) WITH (fillfactor = 90);
CREATE INDEX tasks_of_project ON tasks (project_id, created_at DESC, id DESC);

CREATE TABLE comments (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES tasks,
    author_id uuid NOT NULL REFERENCES users,
    text text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX comments_of_task ON comments (task_id, created_at, id);
