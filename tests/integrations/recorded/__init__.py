"""What systems really send, file by file, and what becomes of it: the table is docs/integrations/recorded.md."""
