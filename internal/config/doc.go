// Package config reads the settings of the service.
//
// A file is YAML, every key is optional, and with no file at all [Default]
// works. Reading is strict: an unknown key, a key given twice, a value out of
// bounds, an anchor, an alias, a tag or a key without a value is refused, and
// all mistakes of a file are named together, each on one line as
//
//	FILE:LINE: KEY: what is wrong and how to mend it
//
// What is merely doubtful becomes a warning of the same form. Every key, with
// its unit and default, is explained in testdata/config/full.yaml at the top
// of the repository.
//
// # Secrets
//
// A secret stands in a file of its own, named by KEY_file, or in the
// environment, written as KEY: ${NAME}; never in the settings themselves. No
// error, warning or printed [Config] shows one. For the same reason messages
// never repeat an address, or the name of a file: people paste the secret
// where its file should be named, and the line says where to look.
//
// # Paths
//
// A relative path in a file counts from the folder of that file; the default
// data folder from the working folder of the process.
package config
