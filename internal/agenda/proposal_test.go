package agenda
