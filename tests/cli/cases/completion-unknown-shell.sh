wrapup completion tcsh
