package access

// proposalRights is the right that confirming each kind of proposal needs: the
// one that doing it at once would.
var proposalRights = map[string]Right{
	"submit/v1":         MaySubmit,
	"not_reportable/v1": MayDecide,
	"assess/v1":         MayDecide,
}

// ForProposal returns the right that confirming or rejecting a proposal of that
// kind needs; false for a kind that is not known, which nobody confirms.
func ForProposal(what string) (Right, bool) {
	r, ok := proposalRights[what]
	return r, ok
}
