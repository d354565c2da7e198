"""How the text of a project file becomes a `Project`: the parts of `core.project_file`.

yaml_text -> schema_check -> build (parameters, placeholders, file_paths, environments); each
adds what it finds wrong to one `Findings`, so that all problems are told at once.
"""
