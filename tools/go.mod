module github.com/pollux-automation/pollux/tools

go 1.26

require github.com/pollux-automation/pollux v0.0.0

replace github.com/pollux-automation/pollux => ../
