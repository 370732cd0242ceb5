-- The role of Tocsin owns its database and nothing else of the server.
\set password `cat /run/secrets/store.password`
CREATE ROLE tocsin LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD :'password';
CREATE DATABASE tocsin OWNER tocsin ENCODING 'UTF8' TEMPLATE template0;
REVOKE ALL ON DATABASE tocsin FROM PUBLIC;
