package app

// originMarks are the attributes of the freedesktop.org recommendation that browsers and mail programs set.
var originMarks = []string{"user.xdg.origin.url", "user.xdg.referrer.url"}
