package cli

type tabletopCmd struct {
	remote
	List  tabletopListCmd  `cmd:"" help:"List the scenarios that come with the program."`
	Check tabletopCheckCmd `cmd:"" help:"Check scenarios' files and name every mistake in them."`
}
