package incident

// RecordBackup says that a backup of the whole record is about to leave the
// service.
type RecordBackup struct{ By Actor }

func (c RecordBackup) decide(_ *Rules, d *decision) (any, error) {
	d.emit(BackupTaken{Meta: Meta{By: c.By}})
	return nil, nil
}

// BackupTaken says that somebody took a backup: every entry before this one,
// this one, and every artefact that they name. It is written before the first byte of
// the backup is sent.
type BackupTaken struct{ Meta }

func (BackupTaken) Kind() string { return "backup.taken/v1" }

// Describe implements [Event].
func (BackupTaken) Describe() string {
	return "exported a backup of the journal up to this entry, with every artefact it names"
}

// apply keeps nothing: a backup changes nothing.
func (BackupTaken) apply(*State, Entry) {}

func (BackupTaken) logged() string { return "who took a backup" }
