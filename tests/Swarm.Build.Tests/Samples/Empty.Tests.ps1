# Holds no test: a file that lost them must not pass.
Describe 'Nothing' { }
